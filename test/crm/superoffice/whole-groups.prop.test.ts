import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Archive } from '../../../src/crm/superoffice/archive/archive.js'
import type { ArchiveQuery } from '../../../src/crm/superoffice/archive/archive-page.js'
import {
  FollowedLinks,
  type Listing,
  wholeGroups,
} from '../../../src/crm/superoffice/archive/whole-groups.js'

const KEY = 'email.person_id'

interface Server {
  /** Number of rows of each key, from key 1 on. */
  readonly groups: readonly number[]
  /** The server's own limit of rows per page. */
  readonly cap: number
  /** When it returns a next link. */
  readonly links: 'never' | 'whenMore' | 'always'
  /** Rows, by their number, that the rights filter removes after a page was cut. */
  readonly hidden: ReadonlySet<number>
}

/** Answers keyset queries and next links as a server does; counts the calls. */
function archiveOf(server: Server) {
  const rows = server.groups.flatMap((size, at) =>
    Array.from({ length: size }, (_, n) => ({ [KEY]: at + 1, n: at * 1000 + n })),
  )
  const numbered = rows.map((row, number) => ({ row, number }))
  const calls = { count: 0 }
  const cut = (from: number, top: number) => {
    calls.count += 1
    if (calls.count > 20_000) {
      throw new Error('endless')
    }
    const size = Math.min(top, server.cap)
    const slice = numbered.slice(from, from + size)
    const more = from + size < numbered.length
    const linked =
      server.links === 'always' ? slice.length > 0 : server.links === 'whenMore' && more
    return Promise.resolve({
      rows: slice.filter(({ number }) => !server.hidden.has(number)).map(({ row }) => row),
      nextQuery: linked ? `$skip=${from + size}&$top=${top}` : null,
    })
  }
  const archive = {
    givesMoreThan: (count: number) => Promise.resolve(count < Math.min(server.cap, rows.length)),
    page: ({ filter, top }: ArchiveQuery) => {
      // The vendor's operators for integers: `ge` is refused.
      const key = /email\.person_id gt (\d+)$/.exec(filter)?.[1]
      if (key === undefined) {
        throw new Error(`no such operator in ${filter}`)
      }
      const least = Number(key) + 1
      const from = numbered.findIndex(({ row }) => row[KEY]! >= least)
      return cut(from === -1 ? numbered.length : from, top)
    },
    following: (_query: unknown, next: string) => {
      const [, skip = '0', top = '0'] = /skip=(\d+)&\$top=(\d+)/.exec(next) ?? []
      return cut(Number(skip), Number(top))
    },
  } as unknown as Archive
  const visible = numbered.filter(({ number }) => !server.hidden.has(number))
  return { archive, calls, expected: visible.map(({ row }) => row) }
}

async function list(server: Server, end: Listing['end']) {
  const { archive, expected, calls } = archiveOf(server)
  const listing = { provider: 'dynamic', select: [KEY], where: [], key: KEY, name: 'x', end }
  const pages: Readonly<Record<string, unknown>>[][] = []
  for await (const page of wholeGroups(archive, listing, {})) {
    pages.push([...page])
  }
  return { pages, expected, calls }
}

describe('a listing in whole groups', () => {
  it('gives every row once and tears no group, whatever the pages', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 120 })
    const big = fc.array(fc.constantFrom(1, 3, 700, 1001, 2500), { maxLength: 4 })
    const servers = fc.record({
      groups: fc.oneof(sizes, big),
      cap: fc.constantFrom(1, 7, 50, 500, 999, 1000, 10_000),
      links: fc.constantFrom('whenMore' as const, 'always' as const),
      hidden: fc.constant(new Set<number>()),
    })
    await fc.assert(
      fc.asyncProperty(servers, async (server) => {
        const { pages, expected } = await list(server, 'emptyPage')
        expect(pages.flat()).toEqual(expected)
        const keys = pages.map((rows) => new Set(rows.map((row) => row[KEY])))
        expect(keys.reduce((sum, own) => sum + own.size, 0)).toBe(server.groups.length)
      }),
      { numRuns: 60 },
    )
  })

  it.each([3, 10, 100, 499, 500, 700, 1000, 10_000])(
    'of a server that gives no links, and %d rows at most, needs none',
    async (cap) => {
      const groups = Array.from({ length: 400 }, (_, at) => 1 + (at % 3))
      const { pages, expected } = await list(
        { groups, cap, links: 'never', hidden: new Set() },
        'shortPage',
      )
      expect(pages.flat()).toEqual(expected)
    },
  )

  it('goes on behind rows that we may not see', async () => {
    const groups = Array.from({ length: 3000 }, () => 1)
    const most = Array.from({ length: 900 }, (_, at) => 1050 + at)
    const hidden = new Set([5, 998, 999, 1000, ...most, 2999])
    const { pages, expected } = await list(
      { groups, cap: 10_000, links: 'never', hidden },
      'emptyPage',
    )
    expect(pages.flat()).toEqual(expected)
  })

  it('of one group that fills any page asks for more at a time', async () => {
    const server = { groups: [2500, 1], cap: 10_000, links: 'never', hidden: new Set<number>() }
    const { pages, expected } = await list(server as Server, 'shortPage')
    expect(pages.flat()).toEqual(expected)
  })

  it('ends in an error where a group never ends', async () => {
    const server = { groups: [200_000], cap: 1_000_000, links: 'never', hidden: new Set<number>() }
    await expect(list(server as Server, 'shortPage')).rejects.toMatchObject({
      code: 'upstream_unexpected_answer',
    })
  })

  /** An archive whose first page and next pages a test defines. */
  const scripted = (page: object, following: (next: string) => object) =>
    ({
      givesMoreThan: () => Promise.resolve(false),
      page: () => Promise.resolve(page),
      following: (_query: unknown, next: string) => Promise.resolve(following(next)),
    }) as unknown as Archive

  async function all(archive: Archive) {
    const listing = { provider: 'dynamic', select: [KEY], where: [], key: KEY, name: 'x' }
    for await (const page of wholeGroups(archive, { ...listing, end: 'emptyPage' }, {})) {
      void page
    }
  }

  const EMPTY = { rows: [] as object[], nextQuery: '$skip=5' }
  const FULL = { rows: Array.from({ length: 1000 }, () => ({ [KEY]: 7 })), nextQuery: '$skip=5' }
  let turn = 0

  // Otherwise an incomplete listing would count as complete, and the cursor would move on.
  it.each([
    ['an empty page leads back to itself', EMPTY, () => EMPTY],
    [
      'empty pages lead in a circle',
      EMPTY,
      (next: string) => ({ ...EMPTY, nextQuery: next === '$skip=5' ? '$skip=9' : '$skip=5' }),
    ],
    ['links go back', EMPTY, () => ({ ...EMPTY, nextQuery: `$skip=4&t=${(turn += 1)}` })],
    [
      'links are ever new and lead nowhere',
      EMPTY,
      () => ({ ...EMPTY, nextQuery: `t=${(turn += 1)}` }),
    ],
    ['the page of one group leads back to itself', FULL, () => FULL],
    [
      'such pages are ever new and lead nowhere',
      FULL,
      () => ({ ...FULL, nextQuery: `t=${(turn += 1)}` }),
    ],
  ])('ends in an error where %s', async (_how, page, following) => {
    await expect(all(scripted(page, following))).rejects.toMatchObject({
      code: 'upstream_unexpected_answer',
      retryable: false,
    })
  })

  it('ends in an error where rows come for ever, each behind the one before', async () => {
    let key = 0
    const archive = {
      givesMoreThan: () => Promise.resolve(false),
      page: () => Promise.resolve({ rows: [{ [KEY]: (key += 1) }], nextQuery: null }),
    } as unknown as Archive
    const listing = { provider: 'dynamic', select: [KEY], where: [], key: KEY, name: 'x' }
    const links = new FollowedLinks(500)
    const endless = async () => {
      for await (const page of wholeGroups(archive, { ...listing, end: 'emptyPage' }, {}, links)) {
        expect(page).toHaveLength(1)
      }
    }
    await expect(endless()).rejects.toMatchObject({ code: 'upstream_unexpected_answer' })
    expect(key).toBe(500)
  })

  it('follows links of empty pages for as long as they lead on', async () => {
    let at = 0
    const following = () => {
      at += 1
      return { rows: [], nextQuery: at < 3_000 ? `$skip=${at * 1000 + 5}` : null }
    }
    await all(scripted(EMPTY, following))
    expect(at).toBe(3_000)
  })
})
