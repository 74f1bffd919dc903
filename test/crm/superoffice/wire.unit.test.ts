import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { isSignedBy, parseJwt, type SigningKey } from '../../../src/crm/superoffice/auth/jwt.js'
import { signSystemToken } from '../../../src/crm/superoffice/auth/exchange-token.js'
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
  const jwk: SigningKey = { ...publicKey.export({ format: 'jwk' }), kid: 'k1' }
  const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const data = (alg: string, kid?: string) =>
    `${base64({ alg, ...(kid === undefined ? {} : { kid }) })}.${base64({ iss: 'i', aud: 'a' })}`
  const signed = (text: string) =>
    `${text}.${sign('RSA-SHA256', Buffer.from(text), privateKey).toString('base64url')}`
  const holds = (token: string, keys: readonly SigningKey[] = [jwk]) => {
    const jwt = parseJwt(token)
    return jwt !== null && isSignedBy(jwt, keys)
  }

  it('is believed by RS256 and a published key', () => {
    expect(holds(signed(data('RS256', 'k1')))).toBe(true)
    expect(holds(signed(data('RS256')))).toBe(true)
    // Whatever name the header has for it.
    expect(holds(signed(data('RS256', 'k2')))).toBe(true)
    expect(holds(signed(data('RS256', 'k1')), [])).toBe(false)
  })

  it('is not believed by any other algorithm, or when changed', () => {
    const pem = publicKey.export({ type: 'spki', format: 'pem' })
    const text = data('HS256', 'k1')
    const hmac = createHmac('sha256', pem).update(text).digest('base64url')
    expect(holds(`${text}.${hmac}`)).toBe(false)
    expect(holds(signed(data('HS256', 'k1')))).toBe(false)
    expect(holds(`${data('none', 'k1')}.`)).toBe(false)
    const [head, , signature] = signed(data('RS256', 'k1')).split('.')
    expect(holds(`${head}.${base64({ iss: 'other', aud: 'a' })}.${signature}`)).toBe(false)
    expect([parseJwt('a.b'), parseJwt(''), parseJwt('x.y.z')]).toEqual([null, null, null])
  })

  it('is asked for with the minute of now, by a key that may hold \\n', () => {
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
    const at = Date.UTC(2026, 1, 24, 9, 31, 59)
    const token = signSystemToken('App-1', pem.replace(/\n/g, '\\n'), at)
    expect(token).toMatch(/^App-1\.202602240931\.[A-Za-z0-9+/]+={0,2}$/)
    expect(() => signSystemToken('App-1', 'no key', at)).toThrow('no RSA key')
  })
})
