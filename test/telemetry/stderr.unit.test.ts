import { describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'

const program = `
  import { logger } from './src/telemetry/logger.ts'
  logger('cli').info({ connectionId: 'acme' }, 'first')
  logger('cli').debug('second')
  process.exit(0)
`

/** Runs the program as a separate process, as commands are run. */
function run(logLevel: string) {
  const args = ['--import', 'tsx', '--input-type=module', '--eval', program]
  return spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, LOG_LEVEL: logLevel },
  })
}

describe('the log of a process', () => {
  it('goes to stderr, complete at exit, and leaves stdout alone', () => {
    const { stdout, stderr } = run('debug')
    expect(stdout).toBe('')
    const messages = stderr
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { msg: string }).msg)
    expect(messages).toEqual(['first', 'second'])
  })

  it('ends no work where its disk is full', () => {
    const full = openSync('/dev/full', 'w')
    const lines = `
      import { logger } from './src/telemetry/logger.ts'
      const text = { connectionId: 'a'.repeat(200) }
      for (let line = 0; line < 20_000; line += 1) logger('cli').info(text, 'line')
      process.stdout.write('done')`
    const args = ['--import', 'tsx', '--input-type=module', '--eval', lines]
    const { stdout, status } = spawnSync(process.execPath, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', full],
      env: { ...process.env, LOG_LEVEL: 'info' },
    })
    closeSync(full)
    expect([stdout, status]).toEqual(['done', 0])
  })

  it('follows LOG_LEVEL', () => {
    expect(run('silent').stderr).toBe('')
  })
})
