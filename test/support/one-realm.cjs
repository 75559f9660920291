// Jest runs tests in a realm of their own, and errors of Node's network are of another: the AWS SDK, which asks with
// instanceof, would wrap them beyond recognition, as it never does outside of Jest.
'use strict';

const { isNativeError } = require('node:util').types;

const usual = Function.prototype[Symbol.hasInstance];

Object.defineProperty(Error, Symbol.hasInstance, {
  /** @param {unknown} candidate */
  value(candidate) {
    return this === Error ? isNativeError(candidate) : usual.call(this, candidate);
  },
});
