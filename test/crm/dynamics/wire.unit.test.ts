import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { CrmWrite } from '../../../src/crm/crm.js'
import { inChunks } from '../../../src/crm/dynamics/reading/batch-queries.js'
import { describeEntraError } from '../../../src/crm/dynamics/auth/entra-errors.js'
import { describeDataverseError, KNOWN_ERRORS } from '../../../src/crm/dynamics/wire/errors.js'
import { isOwnLink } from '../../../src/crm/dynamics/wire/links.js'
import { anyOf, queryString } from '../../../src/crm/dynamics/wire/odata.js'
import {
  categoryIdOfKey,
  categoryKey,
  isRowKeyOf,
  rowKey,
} from '../../../src/crm/dynamics/wire/row-key.js'
import { partRequest, type RowWrite } from '../../../src/crm/dynamics/writing/write-rows.js'

/**
 * Reads a filter of {@link anyOf} as the service does: the array ends where the OData library finds its end
 * (Microsoft.OData.Core, ExpressionLexer.AdvanceThroughBalancedExpression). It counts brackets and skips text in single
 * quotes, but does not recognise double quotes; a quoted text doubles its quotes.
 */
function readBack(filter: string): string[] {
  const start = filter.indexOf('[')
  const listed: string[] = []
  let rest = filter
  if (filter.includes('PropertyValues=[')) {
    let at = start + 1
    for (let depth = 1; depth > 0; at += 1) {
      at = filter[at] === "'" ? filter.indexOf("'", at + 1) : at
      if (at < 0 || at >= filter.length) {
        throw new Error('Found an unbalanced bracket expression.')
      }
      depth += filter[at] === '[' ? 1 : filter[at] === ']' ? -1 : 0
    }
    listed.push(...(JSON.parse(filter.slice(start, at)) as string[]))
    rest = filter.slice(at)
  }
  const quoted = [...rest.matchAll(/emailaddress1 eq '((?:[^']|'')*)'/gs)]
  return [...listed, ...quoted.map(([, text = '']) => text.replaceAll("''", "'"))]
}

/** Addresses with many brackets, quotes and escapes. */
const trickyText = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
  fc.string({ unit: fc.constantFrom("'", '"', '[', ']', '\\', '{', ',', ')', 'a'), minLength: 1 }),
)

describe('a query string', () => {
  it('survives decoding whatever the addresses hold, and is one line of plain characters', () => {
    fc.assert(
      fc.property(fc.array(trickyText, { minLength: 1, maxLength: 20 }), (emails) => {
        const filter = anyOf('emailaddress1', emails)
        const query = queryString({ select: ['contactid'], filter, top: 3 })
        expect(query).toMatch(/^[\x21-\x26\x28-\x7e]+$/)
        const read = new URLSearchParams(query)
        expect(read.get('$filter')).toBe(filter)
        expect(readBack(filter).sort()).toEqual(emails.toSorted())
      }),
    )
  })

  it('names an address with an apostrophe or a bracket beside the list, quoted as documented', () => {
    expect(anyOf('emailaddress1', ['a@x', "o'brien@x", 'b@x'])).toBe(
      `(Microsoft.Dynamics.CRM.In(PropertyName='emailaddress1',PropertyValues=["a@x","b@x"]) or emailaddress1 eq 'o''brien@x')`,
    )
    expect(anyOf('emailaddress1', ['a[1@x'])).toBe("emailaddress1 eq 'a[1@x'")
  })
})

describe('pieces of a list of values', () => {
  it('keep every value in order, with at most 500 values, 101 conditions and 60,000 encoded characters', () => {
    const email = fc.oneof(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 90 }), trickyText)
    fc.assert(
      fc.property(fc.array(email, { maxLength: 1_000, size: 'max' }), (values) => {
        const chunks = inChunks(['emailaddress1'], values)
        expect(chunks.flat()).toEqual(values)
        for (const chunk of chunks) {
          expect(chunk.length).toBeLessThanOrEqual(500)
          const filter = anyOf('emailaddress1', chunk)
          expect(filter.split(' or emailaddress1 eq ').length).toBeLessThanOrEqual(101)
          expect(queryString({ filter }).length).toBeLessThan(65_000)
        }
      }),
      { numRuns: 20 },
    )
  })
})

describe('row keys', () => {
  it('hold only characters that a key may have, and lead back to the category', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), (categoryId) => {
        const isOfAnId = !categoryId.includes('\uFFFD')
        expect(categoryKey(categoryId)).toMatch(/^[A-Za-z0-9_-]+$/)
        expect(categoryIdOfKey(categoryKey(categoryId))).toBe(isOfAnId ? categoryId : null)
      }),
      { examples: [['\uFFFD'], ['a\uFFFDb']] },
    )
    expect(categoryIdOfKey('')).toBeNull()
  })

  it('belong to their contact and category, without regard to case', () => {
    const key = rowKey('AB', 'News')
    expect(isRowKeyOf(key.toUpperCase(), 'ab', 'news')).toBe(true)
    expect(isRowKeyOf(key, 'cd', 'News')).toBe(false)
    expect(isRowKeyOf(key, 'ab', '12')).toBe(false)
    expect(isRowKeyOf(null, 'ab', 'News')).toBe(false)
  })
})

describe("Entra's error", () => {
  it.each([
    [{ error: 'invalid_client', error_codes: [7000215] }, 'invalid_client', ['AADSTS7000215']],
    [{ error: 'ann_lee', error_codes: [4670123456] }, null, []],
    [{ error: 'ann', error_codes: [1.5, 'x'] }, null, []],
  ])('%j is told by words that are known', (body, upstreamCode, paths) => {
    const answer = { status: 400, headers: {}, body: JSON.stringify(body) }
    expect(describeEntraError(answer)).toMatchObject({ upstreamCode, paths })
  })
})

describe('the error table', () => {
  it('has each code once, and is found whatever the case', () => {
    const codes = KNOWN_ERRORS.map((error) => error.code)
    expect(new Set(codes).size).toBe(codes.length)
    for (const { code, outcome } of KNOWN_ERRORS) {
      const body = JSON.stringify({
        error: { code: code.toUpperCase().replace('X', 'x'), message: 'x' },
      })
      const described = describeDataverseError({ status: 400, headers: {}, body })
      expect(described).toEqual({ upstreamCode: code, code: outcome, paths: [] })
    }
  })

  it.each([401, 429, 500, 503])('does not outvote a %d', (status) => {
    const body = JSON.stringify({ error: { code: '0x80040217' } })
    expect(describeDataverseError({ status, headers: {}, body }).code).toBeUndefined()
  })

  it('shows a missing privilege by name and nothing else of a message', () => {
    const message =
      'Principal user (Id=1, type=8) is missing prvReadem_subscriptions privilege (Id=2) on OTC=10058 for Ann Lee'
    const body = JSON.stringify({ error: { code: '0x80040220', message } })
    expect(describeDataverseError({ status: 403, headers: {}, body })).toEqual({
      upstreamCode: '0x80040220',
      code: 'upstream_forbidden',
      paths: ['prvReadem_subscriptions'],
    })
  })

  it.each([
    '',
    'null',
    '[]',
    '{"error":null}',
    '{"error":{"code":"Ann Lee"}}',
    '{"error":{"code":"0x04670123"}}',
    '<html>',
  ])('takes %p for no code', (body) => {
    const described = describeDataverseError({ status: 400, headers: {}, body })
    expect(described.upstreamCode).toBeNull()
  })
})

describe('links', () => {
  const own = 'https://acme.crm4.dynamics.com'
  it.each([
    ['https://acme.crm4.dynamics.com/api/data/v9.2/contacts?x', true],
    ['https://ACME.crm4.dynamics.com:443/x', true],
    ['http://acme.crm4.dynamics.com/x', false],
    ['https://acme.crm4.dynamics.com.evil.com/x', false],
    ['https://acme.crm4.dynamics.com@evil.com/x', false],
    ['//acme.crm4.dynamics.com/x', false],
    ['contacts?$skiptoken=2', false],
  ])('%s is ours: %p', (link, expected) => {
    expect(isOwnLink(own, link)).toBe(expected)
  })
})

describe('the body of a contact', () => {
  const text = fc.oneof(fc.uuid(), fc.string())
  const version = fc.oneof(
    fc.nat().map((n) => `W/"${n}"`),
    fc.string(),
  )
  const write = fc.oneof(
    fc.record({
      kind: fc.constant('consent' as const),
      contactId: text,
      purpose: fc.constantFrom('marketingSendouts' as const, 'storeAndProcess' as const),
      value: fc.constantFrom(
        'allow' as const,
        'deny' as const,
        'withdrawn' as const,
        'consent' as const,
      ),
      expectedVersion: version,
    }),
    fc.record({
      kind: fc.constant('subscription' as const),
      rowId: text,
      subscribed: fc.boolean(),
      expectedVersion: version,
    }),
    fc.record({
      kind: fc.constant('deleteSubscription' as const),
      rowId: text,
      expectedVersion: version,
    }),
  ) satisfies fc.Arbitrary<CrmWrite>

  it('is donotbulkemail and nothing else, true for deny, and never unconditional', () => {
    const table = { setName: 'em_subs', primaryId: 'em_id', metadataId: 'm', objectTypeCode: null }
    let built = 0
    fc.assert(
      fc.property(write, (one: RowWrite) => {
        const request = partRequest(one, table)
        if (request === null) {
          return
        }
        expect(request.headers?.['If-Match']).toBe(one.expectedVersion)
        if (request.path.includes('/contacts(')) {
          built += 1
          expect(request.method).toBe('PATCH')
          expect(request.body).toEqual({
            donotbulkemail: one.kind === 'consent' && one.value === 'deny',
          })
        }
      }),
      { numRuns: 2_000 },
    )
    expect(built).toBeGreaterThan(10)
  })
})
