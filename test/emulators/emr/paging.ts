// Pages with a marker that says nothing to the caller.
import { invalidRequest } from './errors';

type Page<T> = { readonly items: T[]; readonly next: string | undefined };

export function page<T>(all: readonly T[], marker: string | undefined, size: number): Page<T> {
  const start = marker === undefined ? 0 : positionOf(marker);
  if (start === undefined || start > all.length) throw invalidRequest(`Marker '${marker}' is not valid.`);
  const end = start + size;
  const next = end < all.length ? Buffer.from(`at ${end}`).toString('base64url') : undefined;
  return { items: all.slice(start, end), next };
}

function positionOf(marker: string): number | undefined {
  const position = /^at (\d+)$/.exec(Buffer.from(marker, 'base64url').toString())?.[1];
  return position === undefined ? undefined : Number(position);
}
