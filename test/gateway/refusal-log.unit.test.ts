import { describe, expect, it } from '@jest/globals'
import { RefusalLog } from '../../src/gateway/server.js'
import { createLoggerFactory } from '../../src/telemetry/logger.js'

describe('log lines of refusals', () => {
  it('are two a kind, however many there are: the first, and how many more', () => {
    const lines: Record<string, unknown>[] = []
    const destination = {
      write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>),
    }
    const log = new RefusalLog(createLoggerFactory({ level: 'trace', destination })('gateway'))
    const guess = { code: 'webhook_unauthorized', httpStatus: 401, route: '/hooks/crm/:webhookRef' }
    for (let n = 0; n < 1_000; n += 1) {
      log.write('warn', guess, 'request refused')
    }
    log.write('warn', { ...guess, connectionId: 'acme' }, 'request refused')
    log.write('error', { code: 'internal', httpStatus: 500, route: null }, 'request failed')
    log.close()
    expect(lines).toMatchObject([
      { level: 'warn', ...guess, msg: 'request refused' },
      { level: 'warn', connectionId: 'acme', msg: 'request refused' },
      { level: 'error', code: 'internal', msg: 'request failed' },
      { level: 'warn', ...guess, requests: 999, msg: 'more requests refused' },
    ])
    expect(lines.some((line) => 'droppedFields' in line)).toBe(false)
  })
})
