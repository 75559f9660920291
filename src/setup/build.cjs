// Owns node_modules and dist: brings both up to date before anything else runs. Plain Node: node_modules may be missing.
'use strict';

const { spawn } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { SetupError, root, runEntry, say } = require('./entry.cjs');
const { acquireLock } = require('./lock.cjs');

const modules = path.join(root, 'node_modules');
const dist = path.join(root, 'dist');
const lockFile = path.join(root, '.headgate', 'setup.lock');

/** Everything that must be there before compiled code can run. Returns at once when nothing has changed. */
async function ensureBuilt() {
  if (modulesAreCurrent() && distIsCurrent()) return;
  const release = await acquireLock(lockFile, {
    onWait: ({ pid }) => say(`waiting for another set-up of this folder (process ${pid})`),
  });
  try {
    if (!modulesAreCurrent()) await installModules();
    if (!distIsCurrent()) await build();
  } finally {
    release();
  }
}

/** What npm wrote down about node_modules, whoever ran it. */
function modulesAreCurrent() {
  const installed = packagesOf(path.join(modules, '.package-lock.json'));
  const wanted = packagesOf(path.join(root, 'package-lock.json'));
  if (installed === undefined || wanted === undefined) return false;
  return Object.entries(wanted).every(
    ([name, { version, optional }]) => name === '' || optional === true || installed[name]?.version === version,
  );
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }> | undefined}
 */
function packagesOf(file) {
  const text = readText(file);
  return text === undefined ? undefined : JSON.parse(text).packages;
}

async function installModules() {
  say('installing the npm packages');
  const code = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root });
  if (code !== 0) {
    throw new SetupError(
      `npm ci ended with code ${code}.`,
      'Read what npm said above; check that this machine reaches the npm registry.',
    );
  }
}

const distStamp = path.join(dist, '.headgate');

function distIsCurrent() {
  return readText(distStamp) === sourcesFingerprint();
}

/** By content and not by time: a checkout gives every file a new time. */
function sourcesFingerprint() {
  const hash = createHash('sha256').update(fs.readFileSync(path.join(root, 'package-lock.json')));
  for (const file of [path.join(root, 'tsconfig.json'), ...filesBelow(path.join(root, 'src'))]) {
    hash.update(`\0${path.relative(root, file)}\0`).update(fs.readFileSync(file));
  }
  return hash.digest('hex');
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function filesBelow(folder) {
  const entries = fs.readdirSync(folder, { withFileTypes: true });
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const file = path.join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(file) : [file];
    });
}

/** Built aside and swapped in, so that whoever starts meanwhile sees the old build, the new one, or waits for the lock. */
async function build() {
  const fingerprint = sourcesFingerprint();
  const part = `${dist}.part`;
  fs.rmSync(part, { recursive: true, force: true });
  say('building');
  const tsc = path.join(modules, 'typescript', 'bin', 'tsc');
  const bundle = path.join(__dirname, 'bundle-workflows.cjs');
  const codes = await Promise.all([
    run(process.execPath, [tsc, '-p', __dirname, '--outDir', part]),
    fs.existsSync(path.join(root, 'src', 'workflows', 'index.ts'))
      ? run(process.execPath, [bundle, path.join(part, 'workflow-bundle.js')])
      : 0,
  ]);
  if (codes.some((code) => code !== 0)) {
    throw new SetupError(
      'The TypeScript sources do not build.',
      'See the messages above; `npm run typecheck` lists all of them.',
    );
  }
  fs.writeFileSync(path.join(part, '.headgate'), fingerprint);
  const old = `${dist}.old`;
  fs.rmSync(old, { recursive: true, force: true });
  if (fs.existsSync(dist)) fs.renameSync(dist, old);
  fs.renameSync(part, dist);
  fs.rmSync(old, { recursive: true, force: true });
}

/** @param {string} file */
function readText(file) {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined;
}

/**
 * Runs a program; what it prints goes to stderr, because stdout belongs to results.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<number>}
 */
function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 2, 2], ...options });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 128));
  });
}

module.exports = { distIsCurrent, ensureBuilt, run, sourcesFingerprint };

if (require.main === module) runEntry(ensureBuilt);
