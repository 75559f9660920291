// The suite of stores on the folder store, and on the fakes that stand for others in tests.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { createFolderStore } from '../../../src/adapters/stores/folder';
import { createS3Store } from '../../../src/adapters/stores/s3';
import { createFakeObjectStore } from '../../fakes/object-store';
import { createFakeS3 } from '../../fakes/s3-client';
import { storeSuite, type StoreUnderTest } from './suite';

const onFakeS3 = (root: string): StoreUnderTest => ({
  create: () => createS3Store(createFakeS3().client),
  newRoot: async () => root,
});

describe.each<readonly [string, StoreUnderTest]>([
  ['the fake', { create: () => createFakeObjectStore(), newRoot: async () => '/data' }],
  ['the folder store', { create: createFolderStore, newRoot: () => mkdtemp(`${tmpdir()}/headgate-store-`) }],
  ['the S3 store', onFakeS3('s3://bucket/some folder')],
  ['the S3 store under s3a', onFakeS3('s3a://bucket')],
  ['the S3 store under s3n', onFakeS3('s3n://bucket//deep')],
])('%s', (_, store) => {
  storeSuite(store);
});
