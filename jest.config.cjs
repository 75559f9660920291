// The projects of jest. Which of them `npm test` runs beside which stands in src/setup/test-run.ts.
const compiled = (syntax) => ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax } }, module: { type: 'commonjs' } }];

const project = (displayName, testMatch, more = {}) => ({
  displayName,
  testEnvironment: 'node',
  // hyparquet is an ES module, which jest does not load as such.
  transform: {
    '^.+\\.ts$': compiled('typescript'),
    '/node_modules/hyparquet/.+\\.js$': compiled('ecmascript'),
  },
  transformIgnorePatterns: ['/node_modules/(?!hyparquet/)'],
  testMatch: testMatch.map((glob) => `<rootDir>/test/${glob}/*.test.ts`),
  ...more,
});

const slow = { setupFilesAfterEnv: ['<rootDir>/test/support/slow-tests.cjs'] };

// As every process of ours sets it (src/setup/entry.cjs).
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

module.exports = {
  projects: [
    project('unit', ['{contracts,domain,pipeline-file,activities,adapters,cli,setup,workers}/**']),
    project('workflow', ['{workflows,replay,campaign}/**'], {
      ...slow,
      globalSetup: '<rootDir>/test/support/bundle-workflows.cjs',
    }),
    project('e2e', ['{runtime,e2e}'], slow),
    project('shared', ['e2e/shared'], {
      ...slow,
      globalSetup: '<rootDir>/test/support/shared-stack-start.cjs',
      globalTeardown: '<rootDir>/test/support/shared-stack-stop.cjs',
    }),
    // What needs the S3 server or the emulator of EMR.
    project('aws', ['{emulators,aws}/**'], { ...slow, setupFiles: ['<rootDir>/test/support/one-realm.cjs'] }),
  ],
};
