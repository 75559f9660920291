// Fetches the Temporal CLI into a folder through the SDK, which knows where Temporal serves it. Started by temporal-server.ts.
'use strict';

const { TestWorkflowEnvironment } = require('@temporalio/testing');

async function download() {
  const [downloadDir, version] = process.argv.slice(2);
  if (downloadDir === undefined || version === undefined)
    throw new Error('usage: download-temporal.cjs <folder> <version>');
  const executable = { type: /** @type {const} */ ('cached-download'), downloadDir, version };
  const started = await TestWorkflowEnvironment.createLocal({ server: { executable } });
  await started.teardown();
}

download().catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
});
