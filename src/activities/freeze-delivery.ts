// When the content of each frozen file came, from what the ledger knows of its path and of its content.
//   deliverFiles(files, { pipeline, frozenAt, interval?, former, sameContents }): Promise<readonly { delivery }[]>
import type { InputFile, Interval } from '../contracts/batch';
import type { Pipeline } from '../contracts/pipeline';
import type { ListedFile } from '../domain/batch';
import { deliveryOf } from '../domain/delivery';
import type { LedgerView } from '../domain/ledger';
import type { Content } from './ledger';

export type DeliveryKnowledge = {
  readonly pipeline: Pick<Pipeline, 'sources'>;
  readonly frozenAt: string;
  readonly interval?: Interval;
  readonly former: LedgerView['newestOf'];
  readonly sameContents: (contents: readonly Content[]) => Promise<readonly (string | undefined)[]>;
};

/** Contents are looked for only where the path is not known; one that comes twice came when the first of them did. */
export async function deliverFiles(
  files: readonly ListedFile[],
  { pipeline, frozenAt, interval, former, sameContents }: DeliveryKnowledge,
): Promise<readonly Required<Pick<InputFile, 'delivery'>>[]> {
  const known = files.map(({ source, path }) => former(source, path)?.delivery);
  const unknown = files.filter((_, index) => known[index] === undefined);
  const found = await sameContents(unknown);
  const same = new Map(unknown.map((file, index) => [file, found[index]]));
  const deliveries = files.map((file, index) => {
    const source = pipeline.sources.find(({ name }) => name === file.source) ?? { arrives: 'new-files' };
    const [before, content] = [known[index], same.get(file)];
    return deliveryOf(file, source, {
      frozenAt,
      ...(interval === undefined ? {} : { interval }),
      ...(before === undefined ? {} : { former: before }),
      ...(content === undefined ? {} : { same: content }),
    });
  });
  const first = new Map<string, string>();
  for (const [index, file] of files.entries()) {
    const [delivery = frozenAt, earlier] = [deliveries[index], first.get(contentOf(file))];
    if (earlier === undefined || delivery < earlier) first.set(contentOf(file), delivery);
  }
  return files.map((file, index) => {
    const delivery = deliveries[index] ?? frozenAt;
    return { delivery: known[index] === undefined ? (first.get(contentOf(file)) ?? delivery) : delivery };
  });
}

const contentOf = ({ source, etag }: ListedFile): string => JSON.stringify([source, etag]);
