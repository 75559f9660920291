// The AWS region of a process, for every client of AWS in it.
import { HeadgateError } from '../contracts/errors';

/** The SDK for JavaScript reads the first alone; every other program with an AWS SDK, Spark's too, reads the second as well. */
export function regionFrom(env: NodeJS.ProcessEnv): { readonly region?: string } {
  const region = env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'];
  return region === undefined ? {} : { region };
}

/** Throws `NoRegion` before anything is sent. `asked` tells for what a region is needed. */
export async function requireRegion(
  { config }: { readonly config: { readonly region: () => Promise<string> } },
  asked: string,
): Promise<void> {
  try {
    await config.region();
  } catch (cause) {
    throw new HeadgateError({
      kind: 'config',
      type: 'NoRegion',
      message: `${asked}, and there is no AWS region.`,
      remedy: 'Set AWS_REGION, or AWS_PROFILE to a profile that has one.',
      cause,
    });
  }
}
