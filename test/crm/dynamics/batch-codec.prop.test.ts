import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { decodeBatch } from '../../../src/crm/dynamics/wire/batch-decode.js'
import { type BatchRequest, encodeBatch } from '../../../src/crm/dynamics/wire/batch-encode.js'
import { type Answer, writeMultipart } from './support/write-multipart.js'

const runs = { numRuns: 150 }
const headerName = fc.constantFrom('If-Match', 'etag', 'Retry-After', 'OData-EntityId')
const line = fc.string({ maxLength: 30 }).map((text) => text.replace(/[^\x21-\x7e]/g, 'x'))
const body = fc.option(fc.json({ maxDepth: 2 }), { nil: null })
const answer: fc.Arbitrary<Answer> = fc.record({
  status: fc.constantFrom(200, 204, 404, 412, 429, 500),
  headers: fc.dictionary(headerName, line, { maxKeys: 3 }),
  body,
})
const answers = fc.array(answer, { maxLength: 12 })

describe('reading a $batch answer', () => {
  it('gives back every part, in order, whatever the line ends, quotes and nesting', () => {
    fc.assert(
      fc.property(answers, fc.boolean(), fc.boolean(), fc.nat(12), (list, lf, quoted, nestAt) => {
        const written = writeMultipart(list, { lineEnd: lf ? '\n' : '\r\n', quoted, nestAt })
        const read = decodeBatch(written.contentType, written.body)
        expect(read?.complete).toBe(true)
        expect(read?.parts.map((part) => part.status)).toEqual(list.map((one) => one.status))
        expect(read?.parts.map((part) => part.body.toString())).toEqual(
          list.map((one) => one.body ?? ''),
        )
        for (const [at, one] of list.entries()) {
          for (const [name, value] of Object.entries(one.headers)) {
            expect(read?.parts[at]?.headers[name.toLowerCase()]).toBe(value)
          }
        }
      }),
      runs,
    )
  })

  it('never makes up a part of a text that was cut off', () => {
    fc.assert(
      fc.property(answers, fc.double({ min: 0, max: 1, noNaN: true }), (list, share) => {
        const { contentType, body: whole } = writeMultipart(list, { lineEnd: '\r\n' })
        // Cutting only the last line end loses nothing: the closing boundary is still complete.
        const cut = whole.subarray(0, Math.floor(share * (whole.length - 3)))
        const read = decodeBatch(contentType, cut)
        expect(read?.complete).toBe(false)
        const seen = read?.parts ?? []
        expect(seen.length).toBeLessThanOrEqual(list.length)
        expect(seen.map((part) => `${part.status} ${part.body.toString()}`)).toEqual(
          list.slice(0, seen.length).map((one) => `${one.status} ${one.body ?? ''}`),
        )
      }),
      runs,
    )
  })

  it('takes nothing but multipart', () => {
    expect(decodeBatch('text/html', Buffer.from('<html></html>'))).toBeNull()
    expect(decodeBatch(undefined, Buffer.from(''))).toBeNull()
  })
})

describe('writing a $batch', () => {
  const request: fc.Arbitrary<BatchRequest> = fc.record(
    {
      method: fc.constantFrom('GET' as const, 'PATCH' as const, 'DELETE' as const),
      path: line.map((text) => `/api/data/v9.2/contacts?x=${encodeURIComponent(text)}`),
      headers: fc.dictionary(headerName, line, { maxKeys: 2 }),
      body: fc.record({ em_name: fc.string({ unit: 'binary', maxLength: 20 }) }),
    },
    { requiredKeys: ['method', 'path'] },
  )

  it('is one part a request, CRLF everywhere, readable again', () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 8 }), (requests) => {
        const written = encodeBatch(requests, 'batch_1').toString('utf8')
        expect(written.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
        const parts = written.split('--batch_1\r\n').slice(1)
        expect(parts).toHaveLength(requests.length)
        for (const [at, one] of requests.entries()) {
          const text = parts[at] ?? ''
          expect(text).toContain(`\r\n\r\n${one.method} ${one.path} HTTP/1.1\r\n`)
          const json = text.split('\r\n\r\n')[2]?.replace(/\r\n(--batch_1--\r\n)?$/, '') ?? ''
          expect(json).toBe(one.body === undefined ? '' : JSON.stringify(one.body))
        }
        expect(written.endsWith('--batch_1--\r\n')).toBe(true)
      }),
      runs,
    )
  })

  it('refuses what would forge a part', () => {
    const forged = { method: 'GET', path: '/a HTTP/1.1\r\nX: y' } as const
    expect(() => encodeBatch([forged], 'b')).toThrow(RangeError)
    const header = { method: 'GET', path: '/a', headers: { 'If-Match': 'a\r\nX: y' } } as const
    expect(() => encodeBatch([header], 'b')).toThrow(RangeError)
    expect(() => encodeBatch([{ method: 'GET', path: `/${'a'.repeat(65_536)}` }], 'b')).toThrow(
      RangeError,
    )
  })
})
