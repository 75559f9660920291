// Owns how our commands start: the oldest Node that works, and errors as problem and remedy. Plain Node, here and in the package.
'use strict';

const path = require('node:path');

// The AWS SDK tells everybody on Node 20 that its releases of 2027 want 22. Ours come with a release that does not, and
// `headgate doctor` says it: a user can do nothing about it in the middle of a run.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

const root = path.resolve(__dirname, '..', '..');

class SetupError extends Error {
  /**
   * @param {string} message
   * @param {string} remedy
   */
  constructor(message, remedy) {
    super(message);
    this.name = 'SetupError';
    this.remedy = remedy;
  }
}

/** @param {string} version */
function checkNode(version) {
  const oldest = require('../../package.json').engines.node.replace('>=', '');
  const [[major = 0, minor = 0], [leastMajor = 0, leastMinor = 0]] = [numbers(version), numbers(oldest)];
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return;
  throw new SetupError(
    `This is Node.js ${version}; Headgate needs ${oldest} or newer.`,
    'Install a newer Node.js (LTS) and start again.',
  );
}

/** @param {string} version */
function numbers(version) {
  return version.replace(/^v/, '').split('.').map(Number);
}

/** @param {string} line */
function say(line) {
  process.stderr.write(`headgate: ${line}\n`);
}

/**
 * Runs the entry of a script and shows a set-up error as problem and remedy, without a stack.
 * @param {() => Promise<void>} main
 */
function runEntry(main) {
  const start = async () => {
    checkNode(process.version);
    await main();
  };
  start().catch((error) => {
    const remedy = error instanceof Error && 'remedy' in error ? error.remedy : undefined;
    if (typeof remedy === 'string') say(`${error.message}\n  remedy: ${remedy}`);
    else say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    process.exitCode = 1;
  });
}

module.exports = { SetupError, checkNode, root, runEntry, say };
