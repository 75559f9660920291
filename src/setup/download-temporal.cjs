// Fetches the Temporal CLI into a folder through the SDK, which knows where Temporal serves it. Started by temporal-server.ts.
'use strict';

const { DefaultLogger, Runtime } = require('@temporalio/worker');

/** What `@temporalio/testing` does for its tests: the SDK has no download without a start. */
async function download() {
  const [downloadDir, version] = process.argv.slice(2);
  if (downloadDir === undefined || version === undefined)
    throw new Error('usage: download-temporal.cjs <folder> <version>');
  const sdkVersion = require('@temporalio/worker/package.json').version;
  const runtime = Runtime.install({ logger: new DefaultLogger('WARN') });
  const server = await runtime.createEphemeralServer({
    type: 'dev-server',
    exe: { type: 'cached-download', downloadDir, version, ttl: 0, sdkName: 'sdk-typescript', sdkVersion },
    ...{ ip: '127.0.0.1', port: null, ui: false, uiPort: null, namespace: 'default', dbFilename: null },
    ...{ log: { format: 'pretty', level: 'warn' }, extraArgs: [] },
  });
  await runtime.shutdownEphemeralServer(server);
}

download().then(
  () => process.exit(0),
  (error) => {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exit(1);
  },
);
