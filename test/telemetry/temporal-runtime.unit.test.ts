import { describe, expect, it } from '@jest/globals'
import { Runtime } from '@temporalio/worker'
import { createLoggerFactory } from '../../src/telemetry/logger.js'
import {
  createTemporalLogger,
  installTemporalRuntime,
} from '../../src/telemetry/temporal-runtime.js'

describe('createTemporalLogger', () => {
  it('passes known fields and the error on, masked, and leaves out the rest uncounted', () => {
    const lines: string[] = []
    const destination = { write: (line: string) => void lines.push(line) }
    const log = createTemporalLogger(
      createLoggerFactory({ level: 'trace', destination })('temporal'),
    )
    log.warn('Activity failed for anna@example.test', {
      workflowId: 'sweep/acme',
      taskToken: 'secret',
      error: new Error('anna@example.test'),
    })
    const line = JSON.parse(lines[0] ?? '{}') as object
    expect(line).toMatchObject({
      level: 'warn',
      workflowId: 'sweep/acme',
      err: { message: 'not shown, as it may quote a value' },
      msg: 'Activity failed for ***@***',
    })
    expect(line).not.toHaveProperty('droppedFields')
    expect(JSON.stringify(line)).not.toMatch(/anna|taskToken/)
  })

  it.each([
    ['core', { name: 'CoreError', message: 'Status { code: NotFound } for ***@***' }],
    ['activity', { name: 'NotAnError' }],
  ])('keeps what the native core says of an error, and no text of others: %s', (from, err) => {
    const lines: string[] = []
    const destination = { write: (line: string) => void lines.push(line) }
    const log = createTemporalLogger(
      createLoggerFactory({ level: 'trace', destination })('temporal'),
    )
    const error = 'Status { code: NotFound } for anna@example.test'
    log.warn('Task not found when completing', { sdkComponent: from, run_id: 'run-1', error })
    const line = JSON.parse(lines[0] ?? '{}') as object
    expect(line).toMatchObject({ runId: 'run-1', err })
    expect(JSON.stringify(line)).not.toContain('anna')
  })

  it.each(['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'] as const)('keeps the level %s', (level) => {
    const lines: string[] = []
    const destination = { write: (line: string) => void lines.push(line) }
    const log = createTemporalLogger(
      createLoggerFactory({ level: 'trace', destination })('temporal'),
    )
    log.log(level, 'x')
    expect(lines[0]).toContain(`"level":"${level.toLowerCase()}"`)
  })
})

describe('installTemporalRuntime', () => {
  it('installs once, and may be called again', async () => {
    installTemporalRuntime()
    const first = Runtime.instance()
    installTemporalRuntime()
    expect(Runtime.instance()).toBe(first)
    await first.shutdown()
  })
})
