// Addresses of S3: bucket and key of a path, whatever scheme it was written with, and the names that IAM has for them.
import { HeadgateError } from '../../contracts/errors';
import { plainAddress } from '../../contracts/ids';

export type Location = { readonly Bucket: string; readonly Key: string };

export function locate(path: string): Location {
  const [, Bucket, Key = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/s.exec(plainAddress(path)) ?? [];
  if (Bucket !== undefined) return { Bucket, Key };
  throw new HeadgateError({
    kind: 'config',
    type: 'BadS3Path',
    message: `${path} is not an S3 path.`,
    remedy: 'Write it like s3://bucket/folder/file.csv.',
    fields: { path },
  });
}

/** What the keys of a folder begin with. */
export const prefixOf = ({ Key }: Location): string => (Key === '' ? '' : `${Key}/`);

/** False where two keys are one path: `a//b` is a key of its own in S3, and `a/b` to whoever reads by path. */
export const isPlainKey = (key: string): boolean => !/^\/|\/\//.test(key);

/** Nobody can read such a key by its path, and to leave it out would lose its rows without a word. */
export const notPlain = (bucket: string, key: string): HeadgateError =>
  new HeadgateError({
    kind: 'data',
    type: 'NameNotPlain',
    message: `The key ${key} in s3://${bucket} has an empty folder name in it (//), so that no path leads to it.`,
    remedy: 'Copy it to a key without //, or move it away.',
    fields: { bucket, key },
  });

/** The source of a copy, as its header wants it. */
export const copySource = ({ Bucket, Key }: Location, version?: string): string => {
  const source = `${Bucket}/${Key.split('/').map(encodeURIComponent).join('/')}`;
  return version === undefined ? source : `${source}?versionId=${encodeURIComponent(version)}`;
};

/** An ETag as headers want it: S3 gives it in quotes, and ours are without. */
export const quoted = (etag: string): string => `"${etag}"`;

const partitionOf = (region: string): string =>
  region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';

export const bucketArn = ({ Bucket }: Location, region: string): string => `arn:${partitionOf(region)}:s3:::${Bucket}`;

export const objectArn = (at: Location, region: string): string => `${bucketArn(at, region)}/${at.Key}`;
