// Lets Node load TypeScript files as they are, for bench: compiled one by one, without a build folder of their own.
'use strict';

const { transformSync } = require('@swc/core');
const { addHook } = require('pirates');

function install() {
  addHook(
    (source, filename) =>
      transformSync(source, {
        filename,
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      }).code,
    { exts: ['.ts'] },
  );
}

module.exports = { install };
