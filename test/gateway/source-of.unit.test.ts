import { describe, expect, it } from '@jest/globals'
import { sourceOf } from '../../src/gateway/rate-limit.js'

const source = (ip: string, peer = '192.0.2.9') =>
  sourceOf({ ip, socket: { remoteAddress: peer } } as Parameters<typeof sourceOf>[0])

describe('who a failed call is counted against', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:51234', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::1', '2001:db8:1:2'],
    ['[2001:db8:1:2::1]:443', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ])('%s is %s', (ip, expected) => {
    expect(source(ip)).toBe(expected)
  })

  it.each(['', 'unknown', '999.1.1.1', 'x'.repeat(9_000)])(
    'a word of the peer that is no address (%.10s) is not believed',
    (ip) => {
      expect(source(ip)).toBe('192.0.2.9')
    },
  )
})
