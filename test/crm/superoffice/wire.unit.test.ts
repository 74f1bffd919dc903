import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import type { JWK } from 'jose'
import { claimsOf, isSignedBy } from '../../../src/crm/superoffice/auth/ticket-of-token.js'
import { signSystemToken } from '../../../src/crm/superoffice/auth/ticket-source.js'
import { describeSuperOfficeError } from '../../../src/crm/superoffice/wire/describe-error.js'
import { allOf, encodeParameters, quoted } from '../../../src/crm/superoffice/wire/filter.js'
import { basisOfKey, purposeOfKey } from '../../../src/crm/superoffice/wire/keys.js'
import { parseUtc, toFilterTime } from '../../../src/crm/superoffice/wire/time.js'
import { normalizeRows, numberOf } from '../../../src/crm/superoffice/wire/values.js'

describe('a time', () => {
  it.each([
    ['2018-07-06T08:20:53', '2018-07-06T08:20:53.000Z'],
    ['2018-07-06T08:20:53Z', '2018-07-06T08:20:53.000Z'],
    ['2018-07-06T08:20:53+02:00', '2018-07-06T06:20:53.000Z'],
    ['2026-02-23T09:52:01.9342965Z', '2026-02-23T09:52:01.934Z'],
    ['2018-07-06 08:20:53', '2018-07-06T08:20:53.000Z'],
    ['2018-07-06', '2018-07-06T00:00:00.000Z'],
  ])('%s is %s, on whatever machine', (text, iso) => {
    expect(new Date(parseUtc(text) ?? 0).toISOString()).toBe(iso)
  })

  it.each(['0001-01-01T00:00:00', '0001-01-01T00:00:00+01:00', '', 'soon', null, 5, undefined])(
    '%j is none',
    (text) => {
      expect(parseUtc(text)).toBeNull()
    },
  )

  it('stands in a filter in whole seconds, without a zone', () => {
    expect(toFilterTime(Date.UTC(2026, 1, 24, 9, 0, 1, 999))).toBe('2026-02-24T09:00:01')
  })
})

describe('a filter', () => {
  it('quotes so that no text ends it', () => {
    expect(quoted("O'Brien@x.no")).toBe("'O\\'Brien@x.no'")
    expect(quoted("\\' or 1 eq 1")).toBe("'\\\\\\' or 1 eq 1'")
  })

  it('puts what holds an or into brackets', () => {
    expect(allOf(['a eq 1 or b eq 2', 'c gt 3'])).toBe('(a eq 1 or b eq 2) and c gt 3')
  })

  it('is encoded so that a plus, a quote and an ampersand stay what they are', () => {
    const text = encodeParameters({ $filter: "a in ('x+y&z@x.no')" })
    expect(text).not.toMatch(/[+'&]/)
    expect(new URLSearchParams(text).get('$filter')).toBe("a in ('x+y&z@x.no')")
  })
})

describe('a key', () => {
  it('is compared without # and case, and an unknown one is never taken for another', () => {
    expect([basisOfKey('#61a'), basisOfKey('Withdrawn'), purposeOfKey('#store')]).toEqual([
      'consent',
      'withdrawn',
      'storeAndProcess',
    ])
    expect([basisOfKey('61G'), basisOfKey('Consent'), basisOfKey(''), basisOfKey(null)]).toEqual([
      null,
      null,
      null,
      null,
    ])
    expect(purposeOfKey('PROFILING')).toBeNull()
  })
})

describe('a row', () => {
  it('is read alike in slim and in full mode', () => {
    const [slim, full] = normalizeRows([
      { 'a.Id': '25' },
      { PrimaryKey: 25, Column: { 'A.id': { RawValue: 25, DisplayValue: '25', LinkHint: '' } } },
    ])
    expect([numberOf(slim!, 'a.id'), numberOf(full!, 'a.id')]).toEqual([25, 25])
    expect(numberOf(normalizeRows([{ x: 'twenty' }])[0]!, 'x')).toBeNull()
  })
})

describe('an error', () => {
  it('shows its type, and never its message', () => {
    const answer = (body: string) => ({ status: 400, headers: {}, body })
    const body = JSON.stringify({
      ErrorType: 'SoNotFoundException',
      ErrorMessage: 'ann@x.no not found',
    })
    expect(describeSuperOfficeError(answer(body))).toEqual({ upstreamCode: 'SoNotFoundException' })
    const odd = JSON.stringify({ ErrorType: 'ann@x.no' })
    expect(describeSuperOfficeError(answer(odd))).toEqual({ upstreamCode: null })
    for (const name of ['AnnLee', 'Ann.Lee', 'a4670123456', 'So4670123Exception']) {
      const named = describeSuperOfficeError(answer(JSON.stringify({ ErrorType: name })))
      expect(named).toEqual({ upstreamCode: 'unnamed_exception' })
    }
    const dotted = 'SuperOffice.Exceptions.SoSentryException'
    expect(describeSuperOfficeError(answer(JSON.stringify({ ErrorType: dotted })))).toEqual({
      upstreamCode: dotted,
    })
    expect(describeSuperOfficeError(answer('<html>'))).toEqual({ upstreamCode: 'not_json' })
    expect(describeSuperOfficeError(answer(''))).toEqual({ upstreamCode: null })
  })
})

describe('a JWT', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk: JWK = { ...publicKey.export({ format: 'jwk' }), kid: 'k1' } as JWK
  const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const data = (alg: string, kid?: string) =>
    `${base64({ alg, ...(kid === undefined ? {} : { kid }) })}.${base64({ iss: 'i', aud: 'a' })}`
  const signed = (text: string) =>
    `${text}.${sign('RSA-SHA256', Buffer.from(text), privateKey).toString('base64url')}`
  const holds = (token: string, keys: readonly JWK[] = [jwk]) => isSignedBy(token, keys)

  it('is believed by RS256 and a published key', async () => {
    expect(await holds(signed(data('RS256', 'k1')))).toBe(true)
    expect(await holds(signed(data('RS256')))).toBe(true)
    // Whatever the header's name for it.
    expect(await holds(signed(data('RS256', 'k2')))).toBe(true)
    expect(await holds(signed(data('RS256')), [{ ...jwk, use: 'sig', alg: 'RS256' }])).toBe(true)
    expect(await holds(signed(data('RS256', 'k1')), [])).toBe(false)
  })

  it('is not believed by any other algorithm, or when changed', async () => {
    const pem = publicKey.export({ type: 'spki', format: 'pem' })
    const text = data('HS256', 'k1')
    const hmac = createHmac('sha256', pem).update(text).digest('base64url')
    expect(await holds(`${text}.${hmac}`)).toBe(false)
    expect(await holds(signed(data('HS256', 'k1')))).toBe(false)
    expect(await holds(`${data('none', 'k1')}.`)).toBe(false)
    const [head, , signature] = signed(data('RS256', 'k1')).split('.')
    expect(await holds(`${head}.${base64({ iss: 'other', aud: 'a' })}.${signature}`)).toBe(false)
    expect([claimsOf('a.b'), claimsOf(''), claimsOf('x.y.z')]).toEqual([null, null, null])
  })

  // RFC 7517, 4.2 to 4.4.
  it.each([{ use: 'enc' }, { key_ops: ['encrypt'] }, { alg: 'RS512' }, { kty: 'EC' }])(
    'is not believed by a key that is meant for something else: %j',
    async (meant) => {
      expect(await holds(signed(data('RS256')), [{ ...jwk, ...meant }])).toBe(false)
      expect(await holds(signed(data('RS256')), [{ ...jwk, ...meant }, jwk])).toBe(true)
    },
  )

  // RFC 7518, 3.3: "A key of size 2048 bits or larger MUST be used".
  it('is not believed by a key under 2,048 bits', async () => {
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const text = data('RS256')
    const signature = sign('RSA-SHA256', Buffer.from(text), short.privateKey).toString('base64url')
    const key = short.publicKey.export({ format: 'jwk' }) as JWK
    expect(await holds(`${text}.${signature}`, [key])).toBe(false)
  })

  // RFC 7515, 4.1.11: a recipient that does not understand a critical header must refuse.
  it('is not believed with a critical header that nobody knows', async () => {
    const head = base64({ alg: 'RS256', crit: ['tenant'], tenant: 'x' })
    expect(await holds(signed(`${head}.${base64({ iss: 'i' })}`))).toBe(false)
  })

  it('is asked for with the minute of now, by a key that may hold \\n', () => {
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
    const at = Date.UTC(2026, 1, 24, 9, 31, 59)
    const token = signSystemToken('App-1', pem.replace(/\n/g, '\\n'), at)
    expect(token).toMatch(/^App-1\.202602240931\.[A-Za-z0-9+/]+={0,2}$/)
    expect(() => signSystemToken('App-1', 'no key', at)).toThrow('no RSA key')
  })
})
