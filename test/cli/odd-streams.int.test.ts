import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from '@jest/globals'
import { checkoutRoot } from '../../src/checkout.js'

/** A device on which every write fails, as on a full disk (full(4)). */
const FULL = '/dev/full'

/** Runs a command with nothing in its environment, and streams as given; the rest can be read. */
function run(
  args: readonly string[],
  {
    stdout = 'pipe',
    stderr = 'pipe',
    env = {},
  }: Partial<Record<'stdout' | 'stderr', string>> & { env?: object } = {},
) {
  const files = [stdout, stderr].map((name) => (name === 'pipe' ? name : openSync(name, 'w')))
  const child = spawn(process.execPath, ['bin/lbsync.mjs', ...args], {
    cwd: checkoutRoot,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', files[0], files[1]] as ['ignore', 'pipe', 'pipe'],
  })
  files.forEach((file) => typeof file === 'number' && closeSync(file))
  const ended = Promise.all([
    once(child, 'close'),
    stdout === 'pipe' ? text(child.stdout) : '',
    stderr === 'pipe' ? text(child.stderr) : '',
  ]).then(([[code], out, err]) => ({ code: code as number | null, out, err }))
  return { child, ended }
}

describe('a command', () => {
  it.each([['doctor'], ['doctor', '--json'], ['--help'], ['--version'], ['held', '--help']])(
    'says that its answer cannot be written: %s %s',
    async (...args) => {
      const { code, err } = await run(args, { stdout: FULL }).ended
      expect(err).toContain('Error answer_not_written: The answer cannot be written (ENOSPC).')
      expect(code).toBe(1)
    },
  )

  it('ends with the code of its fault, also where that cannot be told', async () => {
    const args = ['connection', 'show', 'acme-dynamics']
    expect((await run(args, { stderr: FULL }).ended).code).toBe(2)
    expect((await run([...args, '--json'], { stdout: FULL, stderr: FULL }).ended).code).toBe(2)
  })

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'says that it was interrupted by %s while it waited',
    async (signal) => {
      const silent = createServer().listen(0, '127.0.0.1')
      await once(silent, 'listening')
      const { port } = silent.address() as AddressInfo
      const env = { DATABASE_URL: `postgres://somebody@127.0.0.1:${port}/ledger` }
      const { child, ended } = run(['connection', 'list', '--json'], { env })
      const [socket] = (await once(silent, 'connection')) as [NodeJS.ReadableStream]
      socket.on('error', () => undefined)
      child.kill(signal)
      const { code, out, err } = await ended
      silent.close()
      expect(err).toContain(`Error interrupted: Interrupted by ${signal}.`)
      expect(JSON.parse(out)).toMatchObject({ error: { code: 'interrupted' } })
      expect(code).toBe(130)
    },
  )
})
