#!/usr/bin/env node
// The `headgate` command: makes sure that dist is built from these sources, then hands over to it.
'use strict';

const path = require('node:path');
const { ensureBuilt, root, runEntry } = require('./build.cjs');

runEntry(async () => {
  await ensureBuilt();
  require(path.join(root, 'dist', 'cli', 'main.js'));
});
