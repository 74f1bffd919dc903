import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { exampleOf } from '../../scripts/cli-docs.js'
import { checkoutRoot } from '../../src/checkout.js'
import { startProcess, type RunningProcess } from '../support/start-process.js'
import { documentOf, runLbsync } from './run-lbsync.js'

const MINUTES = 60_000

interface DevDocument {
  readonly superOffice: { readonly onsite: { readonly url: string } }
  readonly files: { readonly directory: string; readonly connections: readonly string[] }
  readonly env: Readonly<Record<string, string>>
}

let dev: RunningProcess<DevDocument>

beforeAll(async () => {
  dev = await startProcess<DevDocument>({
    entry: 'bin/lbsync.mjs',
    args: ['dev', '--json'],
    readyTimeoutMs: 10 * MINUTES,
  })
}, 15 * MINUTES)

afterAll(() => dev?.stop(), 5 * MINUTES)

describe('lbsync dev', () => {
  it('answers as docs/cli.md says', async () => {
    const docs = await readFile(`${checkoutRoot}docs/cli.md`, 'utf8')
    const told = Object.keys(exampleOf(docs, 'dev') as object)
    expect(Object.keys(dev.ready)).toEqual(told)
  })

  it.each(['acme-dynamics', 'nord-so', 'fjord-so'])(
    'writes a connection file for %s that can be applied as it is',
    async (connectionId) => {
      const file = dev.ready.files.connections.find((path) => path.includes(connectionId))
      const ended = await runLbsync(['connection', 'apply', String(file), '--json'], dev.ready.env)
      expect([ended.exitCode, ended.exitCode === 0 ? null : ended.stderr]).toEqual([0, null])
      expect(documentOf(ended)).toMatchObject({ connectionId, state: 'active' })
    },
    15 * MINUTES,
  )

  it(
    'has nothing to change where set-up is complete, and says that set-up has ended',
    async () => {
      const preview = await runLbsync(
        ['setup', 'preview', 'acme-dynamics', '--json'],
        dev.ready.env,
      )
      const { steps } = documentOf<{ steps: { id: string; state: string }[] }>(preview)
      expect(steps.filter(({ state }) => state !== 'nothing')).toEqual([])
      const evidence = ['--by', 'Kari', '--reason', 'They have a release today']
      const paused = await runLbsync(
        ['setup', 'pause', 'acme-dynamics', ...evidence],
        dev.ready.env,
      )
      expect(paused.stderr).toContain(
        'Error run_not_found: The set-up of acme-dynamics has ended, at ',
      )
      expect(paused.exitCode).toBe(3)
    },
    15 * MINUTES,
  )

  it('ends all it started, and removes its files, on a signal', async () => {
    const { directory } = dev.ready.files
    expect(existsSync(`${directory}/env.sh`)).toBe(true)
    process.kill(dev.pid, 'SIGTERM')
    expect(await dev.exited).toBe(0)
    expect(existsSync(directory)).toBe(false)
    const { DATABASE_URL } = dev.ready.env
    const after = await runLbsync(['connection', 'list', '--json'], { DATABASE_URL: DATABASE_URL! })
    expect(after.exitCode).toBe(5)
  })
})
