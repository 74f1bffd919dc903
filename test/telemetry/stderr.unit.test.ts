import { describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'

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

  it('follows LOG_LEVEL', () => {
    expect(run('silent').stderr).toBe('')
  })
})
