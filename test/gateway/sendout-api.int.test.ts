import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { startStandIn, type StandIn } from '../emarketeer/stand-in.js'
import { freePort } from '../../dev/embedded/start-program.js'
import { sendout } from './decided-sendout.js'
import { API_KEY, withGateway } from './gateway-fixture.js'
import { outcome } from './senders.js'

const gateway = withGateway()
let standIn: StandIn

beforeAll(async () => {
  standIn = await startStandIn()
  await standIn.at('seed', {
    contacts: ['1', '2', '3'].map((contactId) => ({
      contactId,
      email: `canary${contactId}@example.com`,
      consents: {
        storeAndProcess: { legalBasis: 'consent' },
        marketingSendouts: { legalBasis: contactId === '3' ? 'none' : 'consent' },
      },
    })),
  })
})
afterAll(() => standIn.close())

/** A gateway whose eMarketeer is the stand-in. */
const start = () => gateway.start({ emarketeerUrl: standIn.em.url })

/** GETs a path of the API with the gateway's key, or another header. */
function get(url: string, path: string, authorization: string | null = `Bearer ${API_KEY}`) {
  return fetch(`${url}/api/v1/sendouts/${path}`, {
    headers: authorization === null ? {} : { authorization },
  })
}

describe('the API for the campaign service', () => {
  it.each([
    ['no key', null],
    ['a wrong key', 'Bearer guess'],
    ['the key by another scheme', `Basic ${API_KEY}`],
    ['a part of the key', `Bearer ${API_KEY.slice(0, -1)}`],
  ])('with %s is closed', async (_what, authorization) => {
    const { url, systems } = await start()
    const sendoutId = await sendout(systems, '1001')
    for (const path of ['mailing-list', 'result']) {
      const answer = await get(url, `${sendoutId}/${path}`, authorization)
      const text = await answer.text()
      expect([answer.status, JSON.parse(text)]).toMatchObject([
        401,
        { error: { code: 'unauthorized' } },
      ])
      expect(text).not.toContain('canary')
    }
  })

  it('is closed altogether where no key is configured', async () => {
    const { url } = await gateway.start({ apiKey: null })
    const answers = [get(url, 'x/mailing-list'), get(url, 'x/result', null)].map(outcome)
    expect(await Promise.all(answers)).toEqual([
      [503, 'api_key_not_configured'],
      [503, 'api_key_not_configured'],
    ])
  })

  it('slows down who tries keys, and not who has it', async () => {
    const { url } = await gateway.start({ nowMs: () => 0 })
    const statuses = []
    for (let n = 0; n < 7; n++) {
      statuses.push((await get(url, 'x/result', 'Bearer guess')).status)
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429])
    expect((await get(url, 'x/result?accountId=1001')).status).toBe(404)
  })

  it('gives the list, and leaves out who withdrew after it was made', async () => {
    const { url, systems, lines } = await start()
    const sendoutId = await sendout(systems, '1001', { contactIds: ['1', '2', '3'] })
    const page = async () => {
      const answer = await get(url, `${sendoutId}/mailing-list?accountId=1001`)
      return (await answer.json()) as { entries: { contactId: string }[]; asOf: string }
    }
    const first = await page()
    expect(first).toEqual({
      entries: [
        { contactId: '1', email: 'canary1@example.com', mobile: null },
        { contactId: '2', email: 'canary2@example.com', mobile: null },
      ],
      nextCursor: null,
      verifiedAsOf: expect.stringMatching(/^20.*Z$/),
      asOf: expect.stringMatching(/^20.*Z$/),
    })
    await standIn.at('acts', { acts: [{ kind: 'unsubscribeAll', contactId: '2' }] })
    const second = await page()
    expect(second.entries.map(({ contactId }) => contactId)).toEqual(['1'])
    expect(second.asOf > first.asOf).toBe(true)
    expect(lines.join()).not.toContain('canary')
  })

  it('gives the result by stage', async () => {
    const { url, systems } = await start()
    const sendoutId = await sendout(systems, '1001', { contactIds: ['1', '3'] })
    const answer = await get(url, `${sendoutId}/result?accountId=1001&stage=send`)
    expect([answer.status, await answer.json()]).toMatchObject([
      200,
      { sendoutId, stage: 'send', outcome: 'decided', targeted: 2, eligible: 1 },
    ])
  })

  it.each([
    ['unknown/mailing-list?accountId=1001', 404, 'sendout_not_found'],
    ['unknown/result?accountId=1001', 404, 'run_not_found'],
    ['ID/result?accountId=1001&stage=checklist', 404, 'run_not_found'],
    ['ID/result?accountId=1001&stage=launch', 422, 'value_invalid'],
    ['ID/result?accountId=1001&stage=send&stage=send', 422, 'value_invalid'],
    ['ID/mailing-list?accountId=1001&cursor=p1%20OR%201', 422, 'value_invalid'],
    ['OPENED/mailing-list?accountId=1001', 409, 'list_not_available'],
    ['OPENED/result?accountId=1001', 404, 'run_not_found'],
    ['ABORTED/mailing-list?accountId=1001', 409, 'list_not_available'],
  ])('answers %s with %d %s', async (path, status, code) => {
    const { url, systems } = await start()
    const until = path.startsWith('OPENED')
      ? 'opened'
      : path.startsWith('AB')
        ? 'aborted'
        : 'decided'
    const sendoutId = await sendout(systems, '1001', { until })
    const asked = get(url, path.replace(/^(ID|OPENED|ABORTED)/, sendoutId))
    expect(await outcome(asked)).toEqual([status, code])
  })

  it("gives each account its own of two sendouts of one id, and neither the other's", async () => {
    const { url, systems } = await start()
    const sendoutId = await sendout(systems, '1001', { contactIds: ['1', '2'] })
    await sendout(systems, '1002', { sendoutId, until: 'aborted' })
    for (const what of ['mailing-list', 'result', 'receipt']) {
      const of = (account: string) => get(url, `${sendoutId}/${what}${account}`)
      const ours = await of('?accountId=1001')
      expect([what, ours.status]).toEqual([what, 200])
      const theirs = (await (await of('?accountId=1002')).json()) as object
      expect(JSON.stringify(theirs)).not.toContain('canary')
      expect(theirs).toMatchObject(
        what === 'mailing-list'
          ? { error: { code: 'list_not_available' } }
          : { excluded: { notVerified: 0 } },
      )
      expect(await outcome(of(''))).toEqual([422, 'value_missing'])
      expect(await outcome(of('?accountId=1003'))).toEqual([
        404,
        what === 'mailing-list' ? 'sendout_not_found' : 'run_not_found',
      ])
    }
  })

  it('gives nothing where no account is named, though only one has the sendout', async () => {
    const { url, systems } = await start()
    const sendoutId = await sendout(systems, '1001', { contactIds: ['1'] })
    for (const what of ['mailing-list', 'result', 'receipt']) {
      for (const asked of ['', '?accountId=', '?stage=send']) {
        expect(await outcome(get(url, `${sendoutId}/${what}${asked}`))).toEqual([
          422,
          'value_missing',
        ])
      }
      const unknown = get(url, `snd_of_nobody/${what}`)
      expect(await outcome(unknown)).toEqual([422, 'value_missing'])
    }
  })

  it('gives out no page while eMarketeer cannot be asked', async () => {
    const decidedBy = await start()
    const sendoutId = await sendout(decidedBy.systems, '1001', { contactIds: ['1'] })
    const { url } = await gateway.start({
      emarketeerUrl: `http://127.0.0.1:${await freePort()}`,
    })
    const answer = await get(url, `${sendoutId}/mailing-list?accountId=1001`)
    expect([answer.status, await answer.json()]).toMatchObject([
      503,
      { error: { code: 'emarketeer_unreachable' } },
    ])
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  })
})
