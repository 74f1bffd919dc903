import { afterEach, describe, expect, it } from '@jest/globals'
import { Archive } from '../../../src/crm/superoffice/archive/archive.js'
import { listIn } from '../../../src/crm/superoffice/archive/list-in.js'
import type { SuperOfficeClient } from '../../../src/crm/superoffice/client.js'
import { personRows, scriptedArchive } from './support/scripted-archive.js'
import { queryOf, scriptedOnsite } from './support/scripted-onsite.js'
import type { Heard, Said } from '../support/scripted-server.js'

const HOUR_MS = 3_600_000

let closing: (() => Promise<void>)[] = []

afterEach(async () => {
  await Promise.all(closing.map((close) => close()))
  closing = []
})

/** The values of the single `in (…)` of a query. */
function valuesOf(heard: Heard): number {
  const list = / in \((.*?)\)/.exec(queryOf(heard).filter)?.[1]
  return list === undefined ? 0 : list.split(',').length
}

/**
 * An installation with this many persons that answers some queries differently, and its archive under the test's clock.
 */
async function opened(count: number, instead: (heard: Heard) => Said | undefined) {
  const ids = Array.from({ length: count }, (_, at) => at + 1)
  const rows = ids.flatMap((id) => personRows(id))
  const scripted = await scriptedOnsite(scriptedArchive(rows, { instead }))
  closing.push(() => scripted.close())
  const clock = { nowMs: Date.now() }
  const { client } = scripted.crm as unknown as { client: SuperOfficeClient }
  const archive = new Archive(client, () => clock.nowMs)
  const list = async (values: readonly (string | number)[]) => {
    scripted.heard.length = 0
    const column = typeof values[0] === 'number' ? 'email.person_id' : 'email.email_address'
    const found = await listIn(
      archive,
      {
        values,
        rowsPerValue: 1,
        of: (piece) => ({
          provider: 'dynamic',
          select: ['email.person_id'],
          where: [
            `${column} in (${piece.map((one) => (typeof one === 'number' ? one : `'${one}'`))})`,
          ],
          key: 'email.person_id',
          name: 'test.list',
          end: 'shortPage',
        }),
      },
      {},
    )
    // The query that finds out how long a page may be has no values.
    const asked = scripted.heard.filter((heard) => valuesOf(heard) > 0)
    return {
      found: new Set(found.map((row) => row['email.person_id'])).size,
      sizes: asked.map(valuesOf),
      methods: [...new Set(asked.map(({ method }) => method))],
    }
  }
  return { ...scripted, ids, emails: ids.map((id) => `p${id}@x.no`), clock, list }
}

const refused = { status: 400, body: { Error: true, ErrorType: 'SoException', ErrorMessage: 'x' } }
const noPage = {
  status: 404,
  headers: { 'content-type': 'text/html' },
  body: '<html>404.15</html>',
}

describe('a thousand values', () => {
  it('are posted in as few even pieces as leave each page below half', async () => {
    const { list, emails, ids } = await opened(1_000, () => undefined)
    expect(await list(emails)).toEqual({ found: 1_000, sizes: [334, 334, 332], methods: ['POST'] })
    expect(await list(ids)).toMatchObject({ found: 1_000, sizes: [334, 334, 332] })
  })

  it('are posted by half as many where a query may be no longer, from then on for hours', async () => {
    const { list, emails, clock } = await opened(900, (heard) =>
      valuesOf(heard) > 250 ? { status: 413 } : undefined,
    )
    const some = emails.slice(0, 400)
    expect(await list(some)).toMatchObject({ found: 400, sizes: [400, 200, 200] })
    expect(await list(some)).toMatchObject({ found: 400, sizes: [200, 200], methods: ['POST'] })
    clock.nowMs += 13 * HOUR_MS
    expect((await list(some)).sizes).toEqual([400, 200, 200])
  })
})

describe('a server that takes no query by POST', () => {
  it.each([405, 404])('(%i) is asked immediately for 40 addresses, or 100 ids', async (status) => {
    const { list, emails, ids } = await opened(300, ({ method }) =>
      method === 'POST' ? { status } : undefined,
    )
    const some = emails.slice(0, 200)
    expect(await list(some)).toMatchObject({ found: 200, sizes: [200, 40, 40, 40, 40, 40] })
    expect(await list(ids)).toEqual({ found: 300, sizes: [100, 100, 100], methods: ['GET'] })
    expect((await list(some)).sizes).toEqual([40, 40, 40, 40, 40])
  })

  it('and says so with 400 is asked again by POST after an hour', async () => {
    const { list, emails, clock } = await opened(300, ({ method }) =>
      method === 'POST' ? refused : undefined,
    )
    const some = emails.slice(0, 200)
    expect(await list(some)).toMatchObject({ found: 200, sizes: [200, 40, 40, 40, 40, 40] })
    expect(await list(some)).toMatchObject({ found: 200, methods: ['GET'] })
    clock.nowMs += 1.5 * HOUR_MS
    expect((await list(some)).sizes[0]).toBe(200)
  })

  it('is asked for half as many where its queries may be no longer, from then on', async () => {
    const { list, emails, ids } = await opened(300, (heard) =>
      heard.method === 'POST' ? { status: 405 } : valuesOf(heard) > 15 ? noPage : undefined,
    )
    expect(await list(emails)).toMatchObject({ found: 300 })
    expect(Math.max(...(await list(emails)).sizes)).toBe(10)
    expect(await list(ids)).toMatchObject({ found: 300 })
    expect(Math.max(...(await list(ids)).sizes)).toBe(12)
  })
})
