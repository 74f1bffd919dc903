/** Native ESM through swc. Servers and the workflow bundle are made once a run, when first asked for. */
export default {
  testEnvironment: '<rootDir>/test/support/plain-global.mjs',
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
  // One more than the two cores: a file that waits for servers, processes or a clock leaves its core to another.
  maxWorkers: 3,
  testSequencer: '<rootDir>/test/support/long-first.mjs',
  // Node 20 never lets go of a module that a vm has linked (Node 24 does): each finished file leaves its modules, 4 to 40 MB. A
  // process is replaced between two files once it is this large, all of it: test/support/whole-process-memory.mjs.
  workerIdleMemoryLimit: '1200MB',
}
