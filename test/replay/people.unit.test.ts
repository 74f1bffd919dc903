import { describe, expect, it } from '@jest/globals'
import { tracesOfPeople } from '../workflows/support/traces-of-people.js'
import { recordedHistories } from './histories.js'

describe('recorded histories', () => {
  it('hold nobody', async () => {
    const histories = await recordedHistories()
    expect(histories.length).toBeGreaterThan(20)
    for (const { file, text } of histories) {
      expect([file, ...tracesOfPeople(text)]).toEqual([file])
    }
  })

  it('hold nothing of the machine that recorded them', async () => {
    for (const { file, text } of await recordedHistories()) {
      expect([
        file,
        ...(text.match(/stackTrace|"identity"|file:\/\/|node_modules/g) ?? []),
      ]).toEqual([file])
    }
  })
})

describe('the search for people', () => {
  const event = (data: string) =>
    JSON.stringify({ payloads: [{ metadata: {}, data: Buffer.from(data).toString('base64') }] })

  it.each([
    [JSON.stringify({ message: 'ada@example.com is gone' }), 'ada@example.com'],
    [event('{"email":"ada@example.com"}'), 'ada@example.com'],
    [event('{"mobile":"+46 70 123 45 67"}'), '+46 70 123 45 67'],
    [event('{"who":"Ada Lovelace"}'), 'Ada Lovelace'],
  ])('finds the one in %s', (text, found) => {
    expect(tracesOfPeople(text, ['Ada Lovelace'])).toEqual([found])
  })

  it('takes neither a cron expression nor a queue for somebody', () => {
    expect(tracesOfPeople('{"cronSchedule":"@every 2s","name":"31@host-1"}')).toEqual([])
  })
})
