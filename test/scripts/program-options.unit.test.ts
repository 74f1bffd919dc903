import { spawnSync } from 'node:child_process'
import { expect, it } from '@jest/globals'
import { checkoutRoot } from '../../src/checkout.js'

const PROGRAMS = [
  'simulation/main.ts',
  'bench/run.ts',
  'test/model/main.ts',
  'simulators/emarketeer/main.ts',
]

function run(program: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', program, ...args],
    { cwd: checkoutRoot, encoding: 'utf8' },
  )
  return { status, stdout, stderr }
}

it.each(PROGRAMS)(
  '%s says how it is used, and refuses an option that is not there in one line',
  (program) => {
    expect(run(program, '--help')).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^(?:npm run|\[--port).*\n.*docs\/.*\n$/),
      stderr: '',
    })
    const { status, stdout, stderr } = run(program, '--olny', 'x')
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(/^Unknown option '--olny'/)
    expect(stderr).not.toMatch(/^ +at /m)
  },
  60_000,
)

it.each([
  ['simulation/main.ts', ['--seeds', 'x'], '--seeds is a whole number from 1, not "x".'],
  ['simulation/main.ts', ['--mutant', 'x'], 'There is no mutant "x".'],
  ['bench/run.ts', ['--only', 'x'], 'There is no figure "x".'],
  ['bench/run.ts', ['--only', 'pre-send-known', '--size', '1.5'], '--size is a whole number'],
  ['test/model/main.ts', ['x'], 'ACTS is one whole number, not x.'],
  ['test/model/main.ts', ['--variant', 'x'], 'There is no variant "x".'],
  ['simulators/emarketeer/main.ts', ['--options', '{'], '--options is not JSON.'],
])(
  '%s refuses %s',
  (program, args, told) => {
    const { status, stderr } = run(program, ...args)
    expect([status, stderr]).toEqual([2, expect.stringContaining(told)])
    expect(stderr).not.toMatch(/^ +at /m)
  },
  60_000,
)
