// Bundles the workflow code into the file it is given. A process of its own: the bundler is large and needed only here.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { bundleWorkflowCode, DefaultLogger } = require('@temporalio/worker');

async function bundle() {
  const [target] = process.argv.slice(2);
  if (target === undefined) throw new Error('usage: bundle-workflows.cjs <file>');
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(__dirname, '..', 'workflows', 'index.ts'),
    logger: new DefaultLogger('WARN'),
  });
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.writeFileSync(`${target}.part`, code);
  fs.renameSync(`${target}.part`, target);
}

bundle().catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exitCode = 1;
});
