// Owns the lock file that keeps two set-ups of one user apart. Plain Node: it runs before node_modules exists.
'use strict';

const { randomUUID } = require('node:crypto');
const fs = require('node:fs');
const { hostname } = require('node:os');
const path = require('node:path');

const beatMs = 2_000;
const silentAfterMs = 60_000;

/** @typedef {{ pid: number, token: string, host: string }} Holder */

/**
 * Waits for the lock and returns its release. A lock whose holder died, or has not been touched for a minute, is taken over.
 * @param {string} file
 * @param {{ onWait?: (holder: Holder) => void, pollMs?: number }} [options]
 * @returns {Promise<() => void>}
 */
async function acquireLock(file, options = {}) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  /** @type {Holder} */
  const me = { pid: process.pid, token: randomUUID(), host: hostname() };
  let told = false;
  while (!tryCreate(file, me)) {
    const seen = readHolder(file);
    if (seen !== undefined && isStale(file, seen)) {
      takeAway(file, seen);
      continue;
    }
    if (seen !== undefined && !told) {
      told = true;
      options.onWait?.(seen);
    }
    await new Promise((resolve) => setTimeout(resolve, options.pollMs ?? 200));
  }
  const beat = setInterval(() => touch(file), beatMs);
  beat.unref();
  return () => {
    clearInterval(beat);
    if (readHolder(file)?.token === me.token) fs.rmSync(file, { force: true });
  };
}

/**
 * A hard link makes the lock appear together with its content, so that nobody ever reads an empty one.
 * @param {string} file
 * @param {Holder} me
 */
function tryCreate(file, me) {
  const draft = `${file}.${me.token}`;
  fs.writeFileSync(draft, JSON.stringify(me));
  try {
    fs.linkSync(draft, file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

/**
 * @param {string} file
 * @returns {Holder | undefined}
 */
function readHolder(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (codeOf(error) !== undefined) throw error;
    return { pid: 0, token: 'unreadable', host: '' };
  }
}

/**
 * @param {string} file
 * @param {Holder} holder
 */
function isStale(file, holder) {
  if (holder.host === hostname() && !isAlive(holder.pid)) return true;
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > silentAfterMs;
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/**
 * Renaming picks one winner among several that saw the same dead holder; a lock that changed hands meanwhile is put back.
 * @param {string} file
 * @param {Holder} judged
 */
function takeAway(file, judged) {
  const aside = `${file}.${randomUUID()}`;
  try {
    if (readHolder(file)?.token !== judged.token) return;
    fs.renameSync(file, aside);
    if (readHolder(aside)?.token !== judged.token) fs.linkSync(aside, file);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EEXIST') throw error;
  } finally {
    fs.rmSync(aside, { force: true });
  }
}

/** @param {string} file */
function touch(file) {
  const now = new Date();
  try {
    fs.utimesSync(file, now, now);
  } catch {
    // the folder may have been removed under us; the release notices that too
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

module.exports = { acquireLock };
