import { expect, it } from '@jest/globals'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * The standard output of a seed's world: a line, and everything that happened. It exits with 1 if it found something.
 */
async function traceOf(seed: string): Promise<string> {
  const args = ['--import', 'tsx', 'simulation/main.ts', '--seed', seed, '--lives', '8', '--trace']
  const { stdout } = await run(process.execPath, args, { maxBuffer: 1 << 28 }).catch(
    (error: { code: unknown; stdout: string }) => {
      if (error.code !== 1 || error.stdout === '') {
        throw error
      }
      return error
    },
  )
  return stdout
}

it('does the same with the same seed, byte for byte', async () => {
  const first = await traceOf('7')
  expect(first.split('\n').length).toBeGreaterThan(1_000)
  expect(await traceOf('7')).toBe(first)
}, 480_000)
