import { afterEach, describe, expect, it } from '@jest/globals'
import type { CrmFacts, CrmWrite, CrmWriteOutcome } from '../../../src/crm/crm.js'
import { type Heard, type Said, scriptedService } from './support/scripted-service.js'
import { openCrm } from './support/stand-in.js'
import { type Answer, writeMultipart } from './support/write-multipart.js'

let service: Awaited<ReturnType<typeof scriptedService>> | undefined

afterEach(async () => {
  await service?.close()
})

const CATEGORY_ROW = 'c0000000-0000-4000-8000-000000000012'
const facts: CrmFacts = {
  subscriptionsTable: {
    setName: 'em_subsets',
    primaryId: 'em_subscriptionsid',
    metadataId: 'm',
    objectTypeCode: 1,
  },
  categoriesTable: {
    setName: 'em_catsets',
    primaryId: 'em_subscriptioncategoriesid',
    metadataId: 'm',
    objectTypeCode: 2,
  },
  navigation: { contact: 'em_CONTACT', category: 'em_Category' },
}

function create(
  n: number,
  subscribed = true,
  categoryId = '12',
): CrmWrite & { kind: 'createSubscription' } {
  const contactId = `A0000000-0000-4000-8000-${String(n).padStart(12, '0')}`
  return { kind: 'createSubscription', contactId, categoryId, categoryName: 'Näws', subscribed }
}

/** Starts a service whose category table has one row; the test answers everything else. */
async function start(rest: (heard: Heard) => Said | Promise<Said>) {
  service = await scriptedService((heard) => {
    if (heard.method === 'GET' && heard.path.startsWith('em_catsets')) {
      const row = { em_subscriptioncategoriesid: CATEGORY_ROW, em_categoryid: '12', em_name: 'x' }
      return { status: 200, body: { value: [row] } }
    }
    return rest(heard)
  })
  return openCrm(service.url, facts)
}

function createCalls(): { Targets: Record<string, unknown>[] }[] {
  return (service?.heard ?? [])
    .filter((one) => one.path.endsWith('CreateMultiple'))
    .map((one) => JSON.parse(one.body) as { Targets: Record<string, unknown>[] })
}

/** Answers a `$batch` with one answer per part. */
function batch(heard: Heard, answer: (part: string, at: number) => Answer): Said {
  const parts = heard.body.split('Content-Type: application/http').slice(1)
  const { contentType, body } = writeMultipart(parts.map(answer), { lineEnd: '\r\n' })
  return { status: 200, headers: { 'content-type': contentType }, body: body.toString('utf8') }
}

function statuses(outcomes: readonly CrmWriteOutcome[]) {
  return outcomes.map((outcome) => outcome.status)
}

describe('creating subscription rows', () => {
  it('sends each key once, bound by the names learned, by a message that never overwrites', async () => {
    const crm = await start(() => ({ status: 204 }))
    const outcomes = await crm.write(
      [create(1), create(2, false), create(1), create(2, true), create(3, true, 'unknown')],
      {},
    )
    expect(statuses(outcomes)).toEqual(['applied', 'applied', 'applied', 'conflict', 'refused'])
    expect(outcomes[0]).toEqual({ status: 'applied', version: null, rowId: null })
    expect(createCalls()).toEqual([
      {
        Targets: [1, 2].map((n) => ({
          '@odata.type': 'Microsoft.Dynamics.CRM.em_subscriptions',
          em_rowkey: `a0000000-0000-4000-8000-00000000000${n}_12`,
          em_name: 'Näws',
          em_subscribed: n === 1,
          'em_CONTACT@odata.bind': `/contacts(A0000000-0000-4000-8000-00000000000${n})`,
          'em_Category@odata.bind': `/em_catsets(${CATEGORY_ROW})`,
        })),
      },
    ])
  })

  it.each([
    [413, ''],
    [500, '0x80044151'],
  ])('halves what is too much at once (%d %s), until it fits', async (status, code) => {
    const crm = await start(({ body }) => {
      const { Targets } = JSON.parse(body) as { Targets: unknown[] }
      return Targets.length > 2
        ? { status, body: { error: { code, message: '' } } }
        : { status: 204 }
    })
    const outcomes = await crm.write(
      [1, 2, 3, 4, 5].map((n) => create(n)),
      {},
    )
    expect(statuses(outcomes)).toEqual(Array(5).fill('applied'))
    expect(createCalls().map((one) => one.Targets.length)).toEqual([5, 3, 2, 1, 2])
  })

  it.each([
    [400, '0x80048d19'],
    [404, '0x80060888'],
    [412, '0x80040237'],
    [501, ''],
  ])('refused whole (%d %s), goes row by row and create only', async (status, code) => {
    const crm = await start((heard) => {
      if (heard.path !== '$batch') {
        return { status, body: { error: { code, message: '' } } }
      }
      return batch(heard, (part, at) => {
        expect(part).toContain('If-None-Match: *')
        expect(part).toMatch(/^PATCH \/api\/data\/v9\.2\/em_subsets\(em_rowkey='/m)
        expect(part.split('\r\n\r\n')[2]).not.toContain('em_rowkey')
        const row = { '@odata.etag': 'W/"7"', em_subscriptionsid: CATEGORY_ROW.toUpperCase() }
        const made = { status: 201, headers: {}, body: JSON.stringify(row) }
        const answers = [made, { status: 412, headers: {}, body: null }]
        return answers[at] ?? { status: 404, headers: {}, body: null }
      })
    })
    const outcomes = await crm.write([create(1), create(2), create(3)], {})
    expect(statuses(outcomes)).toEqual(['applied', 'conflict', 'gone'])
    expect(outcomes[0]).toEqual({ status: 'applied', version: 'W/"7"', rowId: CATEGORY_ROW })
  })

  it.each([
    [429, 'notSent'],
    [403, 'notSent'],
    [503, 'unknown'],
  ])('stops at a %d, what follows is not sent', async (status, expected) => {
    const crm = await start(() => ({ status, body: {} }))
    const toggle: CrmWrite = {
      kind: 'subscription',
      rowId: CATEGORY_ROW,
      subscribed: false,
      expectedVersion: 'W/"1"',
    }
    expect(statuses(await crm.write([create(1), toggle], {}))).toEqual([expected, 'notSent'])
    expect(service?.heard.filter((one) => one.method !== 'GET')).toHaveLength(1)
  })
})

describe('writing rows that are there', () => {
  const rowId = CATEGORY_ROW
  const toggle: CrmWrite = {
    kind: 'subscription',
    rowId,
    subscribed: false,
    expectedVersion: 'W/"1"',
  }
  const remove: CrmWrite = { kind: 'deleteSubscription', rowId, expectedVersion: 'W/"2"' }

  it('is conditional on the version that was read', async () => {
    const crm = await start((heard) =>
      batch(heard, () => ({ status: 204, headers: {}, body: null })),
    )
    const outcomes = await crm.write([toggle, remove], {})
    expect(outcomes).toEqual([
      { status: 'applied', version: null, rowId },
      { status: 'applied', version: null, rowId },
    ])
    const sent = service?.heard[0]?.body ?? ''
    expect(sent).toContain(
      `PATCH /api/data/v9.2/em_subsets(${rowId})?$select=em_subscriptionsid,em_subscribed HTTP/1.1`,
    )
    expect(sent).toContain('If-Match: W/"1"')
    expect(sent).toContain('\r\n\r\n{"em_subscribed":false}\r\n')
    expect(sent).toContain(`DELETE /api/data/v9.2/em_subsets(${rowId}) HTTP/1.1`)
    expect(sent).toContain('If-Match: W/"2"')
  })

  it.each([
    ['a refusal last', 400, 'notSent'],
    ['a success last', 204, 'unknown'],
  ])('accounts for parts that have no answer, after %s', async (_what, status, expected) => {
    const crm = await start(() => {
      const form = { lineEnd: '\r\n' } as const
      const { contentType, body } = writeMultipart([{ status, headers: {}, body: null }], form)
      return { status: 200, headers: { 'content-type': contentType }, body: body.toString() }
    })
    const outcomes = await crm.write([toggle, remove, remove], {})
    expect(statuses(outcomes).slice(1)).toEqual([expected, expected])
  })

  it('does not take a refusal before the text was cut off for the end', async () => {
    const crm = await start(() => {
      const form = { lineEnd: '\r\n' } as const
      const parts = [412, 204].map((status) => ({ status, headers: {}, body: null }))
      const { contentType, body } = writeMultipart(parts, form)
      const cut = body.toString().slice(0, -30)
      return { status: 200, headers: { 'content-type': contentType }, body: cut }
    })
    const outcomes = await crm.write([toggle, remove, remove], {})
    expect(statuses(outcomes)).toEqual(['conflict', 'unknown', 'unknown'])
  })

  it('reads the answers of a batch that stopped with the status of its failing part', async () => {
    const crm = await start(() => {
      const parts = [204, 412].map((status) => ({ status, headers: {}, body: null }))
      const { contentType, body } = writeMultipart(parts, { lineEnd: '\r\n' })
      return { status: 412, headers: { 'content-type': contentType }, body: body.toString() }
    })
    expect(statuses(await crm.write([toggle, remove, remove], {}))).toEqual([
      'applied',
      'conflict',
      'notSent',
    ])
  })
})

describe('a consent answered without its version', () => {
  const contactId = 'b0000000-0000-4000-8000-000000000001'
  const write: CrmWrite = {
    kind: 'consent',
    contactId,
    purpose: 'marketingSendouts',
    value: 'deny',
    expectedVersion: 'W/"1"',
  }

  it.each([
    ['still holds what was written', true, 'W/"9"'],
    ['was flipped since', false, null],
  ])('takes the version of a read where the record %s', async (_what, donotbulkemail, version) => {
    const row = {
      '@odata.etag': 'W/"9"',
      contactid: contactId,
      emailaddress1: 'a@x.example',
      emailaddress2: null,
      emailaddress3: null,
      statecode: 0,
      donotbulkemail,
    }
    const crm = await start((heard) =>
      batch(heard, (part) => {
        const body = part.includes('GET ') ? JSON.stringify({ value: [row] }) : null
        return { status: body === null ? 204 : 200, headers: {}, body }
      }),
    )
    expect(await crm.write([write], {})).toEqual([{ status: 'applied', version, rowId: null }])
  })
})
