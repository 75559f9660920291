// The connection of a worker to EMR. Its client is loaded at the first call that needs it, because most workers have none.
import { createOnce } from '../once';
import type { EmrConnection } from './client';

export type OpenEmr = () => Promise<EmrConnection>;

export const createLazyEmr = (): OpenEmr => createOnce(async () => (await import('./client.js')).connectEmr());
