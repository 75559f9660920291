// Jest projects by cost: unit (no server, no Spark), workflow (Temporal servers), e2e (everything real).
const base = {
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } }],
  },
};

module.exports = {
  projects: [
    {
      ...base,
      displayName: 'unit',
      testMatch: ['<rootDir>/test/{contracts,domain,activities,cli,setup,workers}/**/*.test.ts'],
    },
    {
      ...base,
      displayName: 'workflow',
      testMatch: ['<rootDir>/test/{workflows,replay}/**/*.test.ts'],
      globalSetup: '<rootDir>/test/support/bundle-workflows.cjs',
      testTimeout: 60_000,
    },
    { ...base, displayName: 'e2e', testMatch: ['<rootDir>/test/{runtime,e2e}/**/*.test.ts'], testTimeout: 300_000 },
  ],
};
