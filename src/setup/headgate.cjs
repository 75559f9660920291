#!/usr/bin/env node
// The `headgate` command. A checkout has `build.cjs`, which brings `dist` up to date; a package comes with its `dist`, and without it.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { root, runEntry } = require('./entry.cjs');

runEntry(async () => {
  const build = path.join(__dirname, 'build.cjs');
  if (fs.existsSync(build)) await require(build).ensureBuilt();
  require(path.join(root, 'dist', 'cli', 'main.js'));
});
