// The small endpoint beside the API by which a person, or a process of another language, uses the switches: /_control/…
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Account } from './account';
import { bodyOf, send, type Call } from './server';
import { ruleSchema, type Switches } from './switches';

type Parts = { readonly account: Account; readonly switches: Switches; readonly calls: Call[] };

const lossSchema = z.strictObject({
  cluster: z.string(),
  fleet: z.enum(['MASTER', 'CORE', 'TASK']),
  market: z.enum(['SPOT', 'ON_DEMAND']).optional(),
  failsSteps: z.boolean().optional(),
});

/** Serves what lies under /_control, and says whether it did. */
export async function control(request: IncomingMessage, response: ServerResponse, parts: Parts): Promise<boolean> {
  const { pathname } = new URL(request.url ?? '/', 'http://emulator');
  if (!pathname.startsWith('/_control/')) return false;
  const key = `${request.method} ${pathname}`;
  const handler = handlers[key];
  if (handler === undefined) {
    send(response, 404, JSON.stringify({ message: `There is only ${Object.keys(handlers).join(', ')}.` }));
    return true;
  }
  try {
    send(response, 200, JSON.stringify(handler(parts, JSON.parse((await bodyOf(request)) || '{}'))));
  } catch (error) {
    send(
      response,
      400,
      JSON.stringify({ message: error instanceof z.ZodError ? z.prettifyError(error) : String(error) }),
    );
  }
  return true;
}

const handlers: Readonly<Record<string, (parts: Parts, body: unknown) => unknown>> = {
  'GET /_control/rules': ({ switches }) => switches.rules(),
  'POST /_control/rules': ({ switches }, body) => {
    switches.add(ruleSchema.parse(body));
    return switches.rules();
  },
  'DELETE /_control/rules': ({ switches }) => {
    switches.clear();
    return [];
  },
  'GET /_control/calls': ({ calls }) => calls,
  'POST /_control/loss': ({ account }, body) => {
    const { cluster, market, failsSteps, fleet } = lossSchema.parse(body);
    const lost = account.clusters.get(cluster)?.lose({
      fleet,
      ...(market === undefined ? {} : { market }),
      ...(failsSteps === undefined ? {} : { failsSteps }),
    });
    if (lost === undefined) throw new Error(`${cluster} is not up, or has no such machine`);
    return lost.instance;
  },
};
