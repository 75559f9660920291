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
  fs.writeFileSync(`${target}.part`, withRelativeSources(code));
  fs.renameSync(`${target}.part`, target);
}

/**
 * The bundler writes where its sources lie on this machine; a bundle that travels in a package tells where they lie in the project.
 * @param {string} code
 */
function withRelativeSources(code) {
  const root = `${path.join(__dirname, '..', '..')}${path.sep}`;
  return code.replace(/(?<=sourceMappingURL=data:application\/json;charset=utf-8;base64,)[\w+/=]+/, (map) => {
    const { sources, ...rest } = JSON.parse(Buffer.from(map, 'base64').toString());
    const relative = sources.map((/** @type {string} */ source) => source.replace(root, ''));
    return Buffer.from(JSON.stringify({ ...rest, sources: relative })).toString('base64');
  });
}

bundle().catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exitCode = 1;
});
