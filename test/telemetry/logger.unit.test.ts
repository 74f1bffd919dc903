import { describe, expect, it } from '@jest/globals'
import { AppError } from '../../src/contracts/app-error.js'
import type { LogLevel } from '../../src/telemetry/log-level.js'
import { Secret } from '../../src/config/secrets/secret.js'
import { createLoggerFactory, droppedFieldCount } from '../../src/telemetry/logger.js'

/** A logger, and the lines it wrote. */
function capture(level: LogLevel = 'info') {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  const log = createLoggerFactory({ level, destination })('sync')
  const last = () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown>
  return { log, lines, last }
}

/** Passes fields as untyped code would. */
const untyped = (fields: object) => fields as never

describe('logger', () => {
  it('writes a JSON line with its subsystem and the fields known', () => {
    const { log, lines, last } = capture()
    log.info(
      { connectionId: 'acme', durationMs: 12, written: 3, excluded: { notVerified: 1 } },
      'ok',
    )
    expect(lines[0]).toMatch(/\n$/)
    expect(last()).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      pid: process.pid,
      subsystem: 'sync',
      connectionId: 'acme',
      durationMs: 12,
      written: 3,
      excluded: { notVerified: 1 },
      msg: 'ok',
    })
  })

  it('drops and counts what is not known, or does not have its shape', () => {
    const { log, last } = capture()
    const before = droppedFieldCount()
    log.info(
      untyped({
        email: 'anna@example.test',
        body: { name: 'Anna Berg' },
        connectionId: { email: 'anna@example.test' },
        excluded: { 'anna@example.test': 1 },
        written: 'Anna',
        dryRun: 'Anna',
        codes: [{ name: 'Anna' }],
        nameMs: 'Anna',
        tier: 'sweep',
      }),
      'x',
    )
    expect(last()).toMatchObject({ tier: 'sweep', droppedFields: 8 })
    expect(JSON.stringify(last())).not.toMatch(/Anna|anna/)
    expect(droppedFieldCount() - before).toBe(8)
  })

  it('masks addresses in known fields and in the message', () => {
    const { log, last } = capture()
    log.warn({ endpoint: 'https://x/anna@example.test', codes: ['bo@x.se'] }, 'for anna@x.se 100%d')
    expect(last()).toMatchObject({
      endpoint: expect.not.stringContaining('anna'),
      codes: ['***@***'],
      msg: 'for ***@*** 100%d',
    })
  })

  it('writes an error as code, message and stack, masked, and nothing that hangs on it', () => {
    const { log, last } = capture()
    const cause = Object.assign(new Error('key (email)=(anna@example.test)'), {
      code: '23505',
      detail: 'Anna Berg',
      response: { body: 'anna@example.test' },
    })
    log.error({ err: new AppError('crm_refused', 'for anna@example.test', { cause }) }, 'failed')
    const { err } = last() as { err: { stack: string } }
    expect(err).toMatchObject({
      name: 'AppError',
      code: 'crm_refused',
      message: 'for ***@***',
      cause: { code: '23505', message: 'not shown, as it may quote a value' },
    })
    expect(err.stack).toMatch(/^at .*logger\.unit\.test/)
    expect(JSON.stringify(last())).not.toMatch(/anna|Anna/)
  })

  it.each([
    new Error('duplicate key value: Key (address)=(Anna Berg)'),
    new TypeError('cannot read Anna Berg\n    at Anna Berg (+46 70 123 45 67)'),
    Object.assign(new RangeError('Anna Berg'), { cause: new Error('Anna Berg') }),
  ])('shows of an error that a library worded its name and code: %j', (err) => {
    const { log, last } = capture()
    log.error({ err }, 'failed')
    expect(last()).toMatchObject({ err: { name: err.name } })
    expect(JSON.stringify(last())).not.toMatch(/Anna|\+46/)
  })

  it('shows what Node says of a connection', () => {
    const { log, last } = capture()
    const err = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { syscall: 'connect' })
    log.error({ err }, 'failed')
    expect(last()).toMatchObject({ err: { message: err.message } })
  })

  it('holds nothing that steers a terminal', () => {
    const { log, last } = capture()
    log.warn({ eventId: 'a\u001B[2J\u009B1m\u202Eb' }, 'x')
    expect(last()).toMatchObject({ eventId: 'a [2J 1m b' })
  })

  it('does not show a thrown value that is no error', () => {
    const { log, last } = capture()
    log.error({ err: 'Anna Berg' }, 'failed')
    expect(last()).toMatchObject({ err: { message: 'a value of type string was thrown' } })
  })

  it('gives every line of a child its fields, and checks them too', () => {
    const { log, last } = capture()
    log.child(untyped({ connectionId: 'acme', email: 'anna@example.test' })).info('done')
    expect(last()).toMatchObject({ connectionId: 'acme', droppedFields: 1, msg: 'done' })
  })

  it('does not show a secret', () => {
    const { log, lines } = capture()
    log.info(untyped({ code: new Secret('hunter2') }), `${new Secret('hunter2')}`)
    expect(lines.join()).not.toContain('hunter2')
  })

  it('keeps to its level', () => {
    const { log, lines } = capture('warn')
    log.info('no')
    log.warn('yes')
    expect(lines).toHaveLength(1)
  })
})
