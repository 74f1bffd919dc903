import { describe, expect, it } from '@jest/globals'
import {
  readManyStates,
  walkPage,
  type ContactState,
  type EmarketeerClient,
} from '../../src/emarketeer/index.js'
import { FittingPages, UpstreamError } from '../../src/http/index.js'

function tooLarge(): UpstreamError {
  return new UpstreamError({
    code: 'upstream_answer_too_large',
    system: 'emarketeer',
    status: 200,
    retryable: false,
    mayHaveBeenApplied: false,
    operation: 'GET /x',
    message: 'the answer holds more than 10 values',
  })
}

const stateOf = (contactId: string): ContactState => ({
  contactId,
  email: `${contactId}@example.test`,
  mobile: null,
  consents: null,
  subscriptions: null,
})

describe('pages as long as an answer may be', () => {
  it('are halved until one fits, and grow again once they do', async () => {
    const pages = new FittingPages('emarketeer', 1_000)
    const asked: number[] = []
    const read = (most: number) =>
      pages.read(async (limit) => {
        asked.push(limit)
        if (limit > most) {
          throw tooLarge()
        }
        return limit
      })
    expect(await read(200)).toBe(125)
    expect(asked).toEqual([1_000, 500, 250, 125])
    for (let page = 0; page < 40; page += 1) {
      await read(1_000)
    }
    expect(await read(1_000)).toBe(1_000)
  })

  it('end where one item alone is too large, and at any other failure', async () => {
    const pages = new FittingPages('emarketeer', 8)
    await expect(pages.read(() => Promise.reject(tooLarge()))).rejects.toMatchObject({
      code: 'upstream_answer_too_large',
    })
    let tries = 0
    const other = pages.read(() => Promise.reject(new Error(`try ${++tries}`)))
    await expect(other).rejects.toThrow('try 1')
  })

  it('do not lead back to where they have been, or on for ever', () => {
    const pages = new FittingPages('emarketeer', 8)
    const refused = expect.objectContaining({ code: 'upstream_unexpected_answer' })
    pages.follow('a', 'GET /x')
    pages.follow('b', 'GET /x')
    pages.follow(null, 'GET /x')
    expect(() => pages.follow('a', 'GET /x')).toThrow(refused)
    const endless = () => {
      for (let page = 0; page < 100_000; page += 1) {
        pages.follow(`page ${page}`, 'GET /x')
      }
    }
    expect(endless).toThrow(refused)
  })
})

describe('states that are more than an answer may hold', () => {
  const asked: (readonly string[])[] = []
  const client: Pick<EmarketeerClient, 'readStates' | 'walkStates'> = {
    async readStates(query) {
      const values = 'contactIds' in query ? query.contactIds : query.emails
      asked.push(values)
      if (values.length > 2 || values.some((value) => value.startsWith('huge'))) {
        throw tooLarge()
      }
      const known = values.filter((value) => !value.startsWith('gone'))
      return {
        items: known.map(stateOf),
        unreadable: [],
        missing: values.filter((value) => value.startsWith('gone')),
      }
    },
    async walkStates({ cursor, limit, include }) {
      if (include === undefined) {
        throw tooLarge()
      }
      const page = { items: [stateOf('huge')], unreadable: [], nextCursor: '2', total: 9 }
      expect([cursor, limit]).toEqual(['1', 1])
      return page
    },
  }

  it('are asked for by halves, and one alone is unreadable and not missing', async () => {
    const contactIds = ['1', '2', 'huge', 'gone', '5']
    const read = await readManyStates(client, { contactIds })
    expect(read.items.map((item) => item.contactId)).toEqual(['1', '2', '5'])
    expect(read.missing).toEqual(['gone'])
    expect(read.unreadable).toEqual([{ contactId: 'huge', email: null, path: '(too large)' }])
    expect(asked.length).toBeLessThan(10)
  })

  it('at one address, are unreadable at that address', async () => {
    const { unreadable, missing } = await readManyStates(client, { emails: ['huge@x.test'] })
    expect(unreadable).toEqual([{ contactId: null, email: 'huge@x.test', path: '(too large)' }])
    expect(missing).toEqual([])
  })

  it('are passed over by a walk, which goes on behind them', async () => {
    const page = await walkPage(client, '1', new FittingPages('emarketeer', 4), {})
    expect(page).toMatchObject({
      items: [],
      unreadable: [{ contactId: 'huge', email: 'huge@example.test', path: '(too large)' }],
      nextCursor: '2',
    })
  })
})
