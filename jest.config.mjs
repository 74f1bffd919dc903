/** Native ESM through swc. Servers and the workflow bundle are made once a run, when first asked for. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
      },
    ],
  },
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  // Only a test that hangs meets it: however busy the machine is, nothing that moves takes so long.
  testTimeout: 240_000,
  maxWorkers: 2,
  testSequencer: '<rootDir>/test/support/long-first.mjs',
  // Modules of finished test files stay in a process that runs further ones: it is replaced once its heap is this large.
  // Only the main thread's heap counts: memory of threads (workers of Temporal have some) and native memory come on top.
  workerIdleMemoryLimit: '1GB',
}
