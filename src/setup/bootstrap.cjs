// Entry of `npm run demo`, `npm test`, `npm run bench`, `npm run campaign`, `npm run emulator:emr`, `npm run protocol` and `npm run check:spark`: installs what they need, then starts them.
'use strict';

const path = require('node:path');
const { ensureBuilt } = require('./build.cjs');
const { root, runEntry } = require('./entry.cjs');

/** @type {Record<string, (args: string[]) => void | Promise<void>>} */
const commands = {
  demo: (args) => start(path.join(root, 'dist', 'cli', 'main.js'), ['demo', ...args]),
  test: (args) => require(path.join(root, 'dist', 'setup', 'test-run.js')).runAll(args),
  bench: (args) => {
    require('./typescript-hook.cjs').install();
    start(path.join(root, 'bench', 'main.ts'), args);
  },
  campaign: (args) => {
    require('./typescript-hook.cjs').install();
    start(path.join(root, 'test', 'campaign', 'main.ts'), args);
  },
  'emulator:emr': (args) => {
    require('./typescript-hook.cjs').install();
    start(path.join(root, 'test', 'emulators', 'emr', 'main.ts'), args);
  },
  protocol: () => require(path.join(root, 'dist', 'setup', 'python-protocol.js')).writeProtocol(),
  'check-spark': (args) => require(path.join(root, 'dist', 'setup', 'check-spark.js')).checkSpark(args),
};

/**
 * @param {string} file
 * @param {string[]} args
 */
function start(file, args) {
  process.argv = [process.execPath, file, ...args];
  require(file);
}

runEntry(async () => {
  const [name = '', ...args] = process.argv.slice(2);
  const command = commands[name];
  if (command === undefined) throw new Error(`usage: bootstrap.cjs ${Object.keys(commands).join(' | ')}`);
  try {
    await ensureBuilt();
    await command(args);
  } catch (error) {
    // whoever reads the closing line must not take a set-up that failed for silence
    if (name === 'test') process.once('exit', () => process.stdout.write('0 passed, 1 failed\n'));
    throw error;
  }
});
