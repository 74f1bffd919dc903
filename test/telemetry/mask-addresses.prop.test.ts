import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { maskAddresses } from '../../src/telemetry/mask-addresses.js'

describe('maskAddresses', () => {
  it.each([
    ['sent to anna.berg+news@example.test today', 'sent to ***@*** today'],
    ['<anna@example.co.uk>,bo@x.se', '<***@***>,***@***'],
    ['{"email":"anna@example.test"}', '{"email":"***@***"}'],
    ["filter=emailaddress1 eq 'anna%40example.test'", "filter=emailaddress1 eq ***@***'"],
    ['ÅSA@MÜLLER.SE and åsa@xn--mller-kva.xn--p1ai', '***@*** and ***@***'],
    ["to o'brien@example.test", 'to ***@***'],
    ['"anna berg"@example.test', '***@***'],
    ['key (email)=(anna@example.test) exists', 'key (email)=(***@***) exists'],
    ['postgres://app:pass@localhost/db', 'postgres://***@localhost/db'],
    ['(at node_modules/@temporalio/worker/lib/worker.js:1:2)', null],
    ['pino@10.4.0 at 12:30 @ home', null],
    ['no address', null],
  ])('%s', (text, masked) => {
    expect(maskAddresses(text)).toBe(masked ?? text)
  })

  it('leaves no address that can be mailed, wherever it stands', () => {
    fc.assert(
      fc.property(fc.emailAddress(), fc.string(), fc.string(), (address, before, after) => {
        const masked = maskAddresses(`${before} ${address} ${after}`)
        expect(masked).not.toContain(address)
      }),
      { numRuns: 500 },
    )
  })

  it('takes no longer for each character of a long text made to hurt', () => {
    const leastMs = (length: number) =>
      Math.min(
        ...Array.from({ length: 5 }, () => {
          const startedMs = performance.now()
          maskAddresses('a'.repeat(length) + '@' + 'b.'.repeat(length / 2))
          return performance.now() - startedMs
        }),
      )
    const times = 16
    // Time by the square of the length would be its 256-fold.
    expect(leastMs(times * 10_000)).toBeLessThan(times * 5 * leastMs(10_000))
  })
})
