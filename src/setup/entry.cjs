// Owns how our commands start: the oldest Node that works, and errors as problem and remedy. Plain Node, here and in the package.
'use strict';

const path = require('node:path');

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
