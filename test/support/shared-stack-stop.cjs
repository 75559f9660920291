// Jest's global tear-down of the tests on the shared stack.
'use strict';

module.exports = () => require('./shared-stack.ts').stopSharedStack();
