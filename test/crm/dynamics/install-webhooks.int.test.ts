import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { CrmFacts } from '../../../src/crm/crm.js'
import { dynamicsDriver } from '../../../src/crm/dynamics/driver.js'
import { readFacts } from '../../../src/crm/dynamics/facts.js'
import { runSteps, targetOf } from './support/run-steps.js'
import { type StandIn, startStandIn } from './support/stand-in.js'

const url = 'https://hooks.example.com/webhooks/acme'
let standIn: StandIn
let setUp: CrmFacts

beforeAll(async () => {
  standIn = await startStandIn({ keyActivationReads: 0 })
  setUp = await runSteps(standIn)
})
afterAll(async () => {
  await standIn.close()
})

async function rows(table: string) {
  const dump = await standIn.control<{ rows: Record<string, unknown>[] }>('GET', `rows/${table}`)
  return dump.rows
}

async function install(facts: CrmFacts, at = url): Promise<CrmFacts> {
  const kept: CrmFacts[] = []
  const target = targetOf(at, kept)
  const { installed, facts: learned } = await standIn.open(facts).installWebhooks(target, {})
  expect(installed).toBe(true)
  // The facts that judge the first events are stored before anything can be posted.
  const [early] = readFacts({ ...facts, ...kept[0] }).webhook?.triedSecretHashes ?? []
  expect(early).toBe(readFacts(learned).webhook?.secretHash)
  return { ...facts, ...learned }
}

/** The registered secret, in the form in which Dataverse sends it. */
async function registeredSecret(): Promise<string> {
  const [endpoint] = await ourEndpoints()
  return /name="x-em-secret" value="([^"]+)"/.exec(String(endpoint?.['authvalue']))?.[1] ?? ''
}

async function ourEndpoints() {
  return (await rows('serviceendpoint')).filter((row) => row['contract'] === 8)
}

function isBelieved(secret: string, facts: CrmFacts): boolean {
  const request = { headers: { 'x-em-secret': secret }, body: Buffer.from('{') }
  const verdict = dynamicsDriver.receiveWebhook(request, facts)
  return !verdict.accepted && verdict.code === 'webhook_malformed'
}

/** The columns that link a contact, that contain its answer, and where else a deny of it counts (B8). */
const UPDATE_COLUMNS = 'emailaddress1,emailaddress2,emailaddress3,donotbulkemail,statecode'

describe('installing webhooks', () => {
  it('registers the endpoint and the five events, and keeps no secret', async () => {
    const facts = await install(setUp)
    const secret = await registeredSecret()
    expect(secret).toMatch(/^[0-9a-f]{64}$/)
    expect(JSON.stringify(facts)).not.toContain(secret)
    expect(isBelieved(secret, facts)).toBe(true)
    const steps = await rows('sdkmessageprocessingstep')
    expect(steps.map((step) => [step['name'], step['filteringattributes'] ?? null]).sort()).toEqual(
      [
        ['eMarketeer: Create of contact', null],
        ['eMarketeer: Create of em_subscriptions', null],
        ['eMarketeer: Delete of contact', null],
        ['eMarketeer: Update of contact', UPDATE_COLUMNS],
        ['eMarketeer: Update of em_subscriptions', 'em_subscribed'],
      ],
    )
    expect(await rows('sdkmessageprocessingstepimage')).toHaveLength(1)
    setUp = facts
  })

  it('again adds nothing, changes the secret, and still believes the one before', async () => {
    const before = await registeredSecret()
    const facts = await install(setUp)
    const now = await registeredSecret()
    expect(now).not.toBe(before)
    expect(isBelieved(before, facts)).toBe(true)
    expect(isBelieved(now, facts)).toBe(true)
    expect(isBelieved(before, await install(facts))).toBe(false)
    expect(await ourEndpoints()).toHaveLength(1)
    expect(await rows('sdkmessageprocessingstep')).toHaveLength(5)
    expect(await rows('sdkmessageprocessingstepimage')).toHaveLength(1)
    const ids = (of: CrmFacts) => readFacts(of).webhook?.stepIds
    expect(ids(facts)).toEqual(ids(setUp))
  })

  it('in attempts that are killed believes what is registered, however many they are', async () => {
    let facts = await install(setUp)
    for (let attempt = 0; attempt < 5; attempt += 1) {
      // After the attempted secrets are stored, and before they are registered.
      const keep = (learned: CrmFacts) => {
        facts = { ...facts, ...learned }
        return Promise.reject(new Error('killed'))
      }
      await expect(standIn.open(facts).installWebhooks({ url, keep }, {})).rejects.toThrow('killed')
      expect(isBelieved(await registeredSecret(), facts)).toBe(true)
    }
    const before = await registeredSecret()
    facts = await install(facts)
    expect(isBelieved(before, facts)).toBe(true)
    expect(isBelieved(await registeredSecret(), facts)).toBe(true)
  })

  it('puts right a step that was switched off, and follows a gateway that moved', async () => {
    const steps = await rows('sdkmessageprocessingstep')
    const update = steps.find((step) => step['name'] === 'eMarketeer: Update of contact')
    const id = String(update?.['id'])
    await standIn.control('PATCH', `rows/sdkmessageprocessingstep/${id}`, {
      values: { statecode: 1, filteringattributes: 'emailaddress1' },
    })
    await install(setUp, `${url}/moved`)
    const [endpoint, ...others] = await ourEndpoints()
    expect([endpoint?.['url'], others]).toEqual([`${url}/moved`, []])
    const repaired = await standIn.control('GET', `rows/sdkmessageprocessingstep/${id}`)
    expect(repaired).toMatchObject({
      statecode: 0,
      filteringattributes: UPDATE_COLUMNS,
    })
  })

  it('switches on again what somebody switched off, and says so', async () => {
    const facts = await install(setUp)
    const steps = await rows('sdkmessageprocessingstep')
    expect(await standIn.open(facts).tendWebhooks?.({})).toEqual({ reactivated: false })
    await standIn.control('PATCH', `rows/sdkmessageprocessingstep/${String(steps[0]?.['id'])}`, {
      values: { statecode: 1 },
    })
    expect(await standIn.open(facts).tendWebhooks?.({})).toEqual({ reactivated: true })
    const states = (await rows('sdkmessageprocessingstep')).map((step) => step['statecode'])
    expect(states).toEqual([0, 0, 0, 0, 0])
    const refused = { method: 'GET', path: 'serviceendpoint', status: 403, body: {} }
    await standIn.control('POST', 'faults', refused)
    expect(await standIn.open(facts).tendWebhooks?.({})).toEqual({ reactivated: false })
    await standIn.control('DELETE', 'faults')
  })

  it('brings a step that an earlier release registered up to date, by tending it', async () => {
    const facts = await install(setUp)
    const steps = await rows('sdkmessageprocessingstep')
    const update = steps.find((step) => step['name'] === 'eMarketeer: Update of contact')
    const path = `rows/sdkmessageprocessingstep/${String(update?.['id'])}`
    await standIn.control('PATCH', path, {
      values: { filteringattributes: 'emailaddress1,donotbulkemail,statecode' },
    })
    expect(await standIn.open(facts).tendWebhooks?.({})).toEqual({ reactivated: false })
    expect(await standIn.control('GET', path)).toMatchObject({
      statecode: 0,
      filteringattributes: UPDATE_COLUMNS,
    })
    const tended = await standIn.control('GET', path)
    await standIn.open(facts).tendWebhooks?.({})
    expect(await standIn.control('GET', path)).toEqual(tended)
  })

  it('that Dataverse does not take is no failure: the reason is returned', async () => {
    const target = targetOf('https://hooks.example.com:8443/webhooks/acme')
    const { webhook } = setUp
    expect(await standIn.open(setUp).installWebhooks(target, {})).toEqual({
      installed: false,
      reason: expect.stringMatching(/hooks\.example\.com:8443.*only the ports 80 and 443/),
      facts: { webhook },
    })
  })

  it('is taken back, another connection keeping its own; again is fine', async () => {
    const facts = await install(setUp)
    const secret = await registeredSecret()
    const others = 'https://hooks.example.com/webhooks/other'
    const other = { name: 'eMarketeer sync (other)', url: others, contract: 8, authtype: 4 }
    await standIn.control('POST', 'rows/serviceendpoint', { values: { ...other, authvalue: 'k' } })
    const removed = await standIn.open(facts).removeWebhooks({})
    expect(removed).toEqual({ webhook: null })
    expect((await ourEndpoints()).map((row) => row['url'])).toEqual([others])
    expect(await rows('sdkmessageprocessingstep')).toEqual([])
    const forgotten = { ...facts, ...removed }
    expect(await standIn.open(forgotten).removeWebhooks({})).toEqual({ webhook: null })
    expect(await standIn.open(forgotten).tendWebhooks?.({})).toEqual({ reactivated: false })
    expect(isBelieved(secret, facts)).toBe(true)
    expect(isBelieved(secret, forgotten)).toBe(false)
  })
})
