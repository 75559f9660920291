// Jest's global setup of the workflow project: bundles the workflow code once and says where, in HEADGATE_TEST_BUNDLE.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { distIsCurrent, run, sourcesFingerprint } = require('../../src/setup/build.cjs');
const { root } = require('../../src/setup/entry.cjs');

const staleAfterMs = 3_600_000;

module.exports = async () => {
  if (!fs.existsSync(path.join(root, 'src', 'workflows', 'index.ts'))) return;
  process.env['HEADGATE_TEST_BUNDLE'] = await bundle();
};

async function bundle() {
  if (distIsCurrent()) return path.join(root, 'dist', 'workflow-bundle.js');
  const folder = path.join(root, '.headgate', 'bundles');
  const file = path.join(folder, `${sourcesFingerprint().slice(0, 16)}.js`);
  if (!fs.existsSync(file)) {
    const code = await run(process.execPath, [path.join(root, 'src', 'setup', 'bundle-workflows.cjs'), file]);
    if (code !== 0) throw new Error('the workflows do not bundle: see the messages above');
  }
  removeOld(folder);
  return file;
}

/** @param {string} folder */
function removeOld(folder) {
  for (const name of fs.readdirSync(folder)) {
    const file = path.join(folder, name);
    const stat = fs.statSync(file, { throwIfNoEntry: false });
    if (stat !== undefined && Date.now() - stat.mtimeMs > staleAfterMs) fs.rmSync(file, { force: true });
  }
}
