// Jest's global set-up of the tests on the shared stack.
'use strict';

module.exports = () => require('./shared-stack.ts').startSharedStack();
