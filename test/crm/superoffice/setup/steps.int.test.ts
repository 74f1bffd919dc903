import { afterEach, describe, expect, it } from '@jest/globals'
import type { CrmFacts, StepVerdict } from '../../../../src/crm/crm.js'
import { readFacts } from '../../../../src/crm/superoffice/facts.js'
import { addPerson, look, runSteps, type Stand, startStand, stepOf, PLAIN } from './stand.js'

let stand: Stand

afterEach(async () => {
  await stand.close()
})

function pauseOf(verdict: StepVerdict) {
  if (verdict.state !== 'paused') {
    throw new Error(`expected a pause, not ${JSON.stringify(verdict)}`)
  }
  return verdict.pause
}

describe('connect', () => {
  it('learns who and where we are', async () => {
    stand = await startStand()
    await stand.control.post('clock', { skewMs: 30_000 })
    const verdict = await look(stand.open(), 'connect')
    const facts = readFacts((verdict as { facts: CrmFacts }).facts)
    expect(facts).toMatchObject({
      onsite: false,
      associateId: 316,
      databaseContextIdentifier: 'Cust12345',
    })
    expect((verdict as { facts: CrmFacts }).facts['serverVersion']).toBe('11.10.721.0')
  })

  it('reports a clock that is far off', async () => {
    stand = await startStand()
    await stand.control.post('clock', { skewMs: -20 * 60_000 })
    const verdict = await look(stand.open(), 'connect')
    expect((verdict as { note?: string }).note).toMatch(/-20 minutes off/)
  })

  it('works on site, where no tenant is named', async () => {
    stand = await startStand({ mode: 'onsite', password: 'secret' })
    const verdict = await look(stand.open(), 'connect')
    expect((verdict as { facts: CrmFacts }).facts).toMatchObject({
      onsite: true,
      databaseContextIdentifier: 'Default',
    })
  })

  it('pauses while the tenant is not running, and says when it is looked at again', async () => {
    stand = await startStand({ stateValidSeconds: 120 })
    await stand.control.post('tenant', { state: 'OfflineMaintenance' })
    const beforeMs = Date.now()
    const pause = pauseOf(await look(stand.open(), 'connect'))
    expect(pause).toMatchObject({
      code: 'tenantUnavailable',
      choices: ['retry', 'abort'],
      seen: { state: 'OfflineMaintenance' },
    })
    const waitMs = Date.parse(String(pause.seen['lookAgainAt'])) - beforeMs
    expect(waitMs).toBeGreaterThan(100_000)
    expect(waitMs).toBeLessThan(150_000)
  })

  it('pauses for good where the tenant was deleted', async () => {
    stand = await startStand()
    await stand.control.post('tenant', { state: 'Deleted' })
    const pause = pauseOf(await look(stand.open(), 'connect'))
    expect(pause).toMatchObject({ code: 'tenantUnavailable', seen: { state: 'Deleted' } })
    expect(pause.message).toMatch(/deleted/)
  })

  it.each([
    ['credentials that are refused', { clientSecret: 'wrong' }, {}, 'system_user_refused'],
    ['another user than before', {}, { associateId: 12 }, 'wrong_user'],
    [
      'another database than before',
      {},
      { databaseContextIdentifier: 'Cust99999' },
      'wrong_organization',
    ],
  ])('pauses for %s', async (_what, section, facts, upstreamCode) => {
    stand = await startStand()
    const pause = pauseOf(await look(stand.open(facts, section), 'connect'))
    expect(pause).toMatchObject({
      code: 'authFailed',
      choices: ['retry', 'abort'],
      seen: { upstreamCode },
    })
  })
})

describe('privileges', () => {
  it('takes a system user for ours alone, and says where rights are not readable', async () => {
    stand = await startStand()
    // Consents under another source would count against any other user.
    await addPerson(stand, { emails: ['a@x.test'], associateId: 316 })
    const verdict = await look(stand.open(), 'privileges')
    expect(verdict.state).toBe('done')
    expect((verdict as { note?: string }).note).toMatch(/first write/)
  })

  it('names every column that may not be read', async () => {
    stand = await startStand({
      switches: { hiddenColumns: ['consentperson.updatedCount', 'email.rank'] },
    })
    const pause = pauseOf(await look(stand.open(), 'privileges'))
    expect(pause.code).toBe('privilegeMissing')
    expect(pause.choices).toEqual(['retry', 'abort'])
    expect(pause.seen['missing']).toEqual(['read consentperson.updatedCount', 'read email.rank'])
  })

  it.each([400, 500] as const)(
    'names every column that may not be read where that is reported by %d',
    async (refusedQuery) => {
      const hiddenColumns = ['consentperson.updatedCount', 'email.rank', 'person.DeletedDate']
      stand = await startStand({ switches: { hiddenColumns, refusedQuery } })
      expect(pauseOf(await look(stand.open(), 'privileges')).seen['missing']).toEqual([
        'read consentperson.updatedCount',
        'read email.rank',
        'read email.person_id.DeletedDate',
      ])
    },
  )

  it('does not take an exception of a moment for a column that may not be read', async () => {
    stand = await startStand()
    const body = { Error: true, ErrorType: 'SoServerException', ErrorMessage: 'busy' }
    await stand.control.post('faults', { path: 'Archive/dynamic', times: 1, status: 500, body })
    await expect(look(stand.open(), 'privileges')).rejects.toMatchObject({ retryable: true })
    expect((await look(stand.open(), 'privileges')).state).toBe('done')
  })

  it('goes on without a column that can be done without, and names it', async () => {
    stand = await startStand({ switches: { hiddenColumns: ['person.DeletedDate'] } })
    const verdict = await look(stand.open(), 'privileges')
    expect(verdict.state).toBe('done')
    expect((verdict as { note?: string }).note).toContain('email.person_id.DeletedDate')
  })

  // "not governed by sentry" (Enums of SuperOffice's own client): its rights do not limit it.
  it('goes on where a system user lists no right about consent, and notes it', async () => {
    stand = await startStand({ switches: { functionRights: ['mailings'] } })
    const verdict = await look(stand.open(), 'privileges')
    expect(verdict.state).toBe('done')
    expect((verdict as { note?: string }).note).toMatch(/names consents.*first write/)
  })

  it('pauses where rights are readable and none is about consent; Support may say otherwise', async () => {
    stand = await startStand({ mode: 'onsite' })
    await stand.control.post('switches', { functionRights: ['mailings', 'can-export'] })
    const pause = pauseOf(await look(stand.open(), 'privileges'))
    expect(pause).toMatchObject({
      code: 'privilegeMissing',
      choices: ['retry', 'skip', 'abort'],
      seen: { functionRights: ['can-export', 'mailings'] },
    })
    await stand.control.post('switches', { functionRights: ['can-update-Consent-for-contact'] })
    expect(await look(stand.open(), 'privileges')).toEqual({ state: 'done' })
  })

  it('on site pauses for a user that has recorded consents which are not ours', async () => {
    stand = await startStand({ mode: 'onsite' })
    const own = await addPerson(stand, { emails: ['a@x.test'], associateId: 12 })
    expect((await look(stand.open(), 'privileges')).state).toBe('done')
    // The default of a person whom a colleague created under our user.
    await addPerson(stand, { emails: ['b@x.test'], associateId: 316 })
    const pause = pauseOf(await look(stand.open(), 'privileges'))
    expect(pause).toMatchObject({
      code: 'userNotDedicated',
      choices: ['retry', 'skip', 'abort'],
      seen: { associateId: 316, userType: 'InternalAssociate', consentsByOthers: '1' },
    })
    // A colleague under our user who changes a consent by hand also counts.
    await stand.control.post(`persons/${own}/consent`, {
      purpose: 'STORE',
      legalBase: '61A',
      associateId: 316,
    })
    expect(pauseOf(await look(stand.open(), 'privileges')).seen['consentsByOthers']).toBe('2')
  })

  it.each([400, 500] as const)(
    'on site asks by the operator for associates where `=` is refused with %d',
    async (refusedQuery) => {
      stand = await startStand({
        mode: 'onsite',
        switches: { associateColumns: 'associate', refusedQuery },
      })
      expect((await look(stand.open(), 'privileges')).state).toBe('done')
      await addPerson(stand, { emails: ['b@x.test'], associateId: 316 })
      expect(pauseOf(await look(stand.open(), 'privileges'))).toMatchObject({
        code: 'userNotDedicated',
        seen: { consentsByOthers: '1' },
      })
    },
  )

  it('on site does not hold our own writes against our user, nor rows that others wrote since', async () => {
    stand = await startStand({ mode: 'onsite' })
    const person = await addPerson(stand, { emails: ['a@x.test'], associateId: 12 })
    const facts = await runSteps(stand, ['connect', 'source'])
    const consent = { purpose: 'EMARKETING', legalBase: '61A' }
    await stand.control.post(`persons/${person}/consent`, {
      ...consent,
      source: 'EMARKETEER',
      associateId: 316,
    })
    expect((await look(stand.open(facts), 'privileges')).state).toBe('done')
    await stand.control.post(`persons/${person}/consent`, { ...consent, associateId: 12 })
    expect((await look(stand.open(facts), 'privileges')).state).toBe('done')
  })

  it('pauses where the archive may not be read at all', async () => {
    stand = await startStand()
    await stand.control.post('faults', { path: 'Archive/dynamic', status: 403, body: {} })
    const pause = pauseOf(await look(stand.open(), 'privileges'))
    expect(pause.code).toBe('privilegeMissing')
    expect(pause.seen['operation']).toBe('GET /Archive/dynamic')
  })
})

describe('lists', () => {
  it.each([false, true])('finds all keys, old server: %s', async (older) => {
    stand = await startStand(older ? { mode: 'onsite', older } : {})
    expect(await look(stand.open(), 'lists')).toEqual({ state: 'done' })
  })

  it.each(['shown', 'hidden'])(
    'pauses for a purpose that is gone (deleted ones %s)',
    async (deletedItems) => {
      stand = await startStand()
      await stand.control.post('switches', { deletedItems })
      await stand.control.post(
        `lists/ConsentPurpose/${await idOf('ConsentPurpose', 'EMARKETING')}`,
        {
          deleted: true,
        },
      )
      const pause = pauseOf(await look(stand.open(), 'lists'))
      expect(pause).toMatchObject({
        code: 'purposeMissing',
        choices: ['retry', 'abort'],
        seen: { missing: ['the purpose with key EMARKETING'] },
      })
      expect(JSON.stringify(pause.seen['purposes'])).toContain('STORE')
    },
  )

  // `Active | int32`, 1 in the documented answer: "Is this consent purpose active".
  it('pauses for a purpose that is switched off, which SuperOffice reports as a number', async () => {
    stand = await startStand()
    const path = `lists/ConsentPurpose/${await idOf('ConsentPurpose', 'EMARKETING')}`
    await stand.control.post(path, { active: false })
    const pause = pauseOf(await look(stand.open(), 'lists'))
    expect(pause.seen['missing']).toEqual(['the purpose with key EMARKETING'])
    await stand.control.post(path, { active: true })
    expect(await look(stand.open(), 'lists')).toEqual({ state: 'done' })
  })

  it.each([
    ['booleans in place of numbers', [true, true], { state: 'done' }],
    ['a purpose that is not active', [1, 0], { state: 'paused' }],
    ['the same as a boolean', [1, false], { state: 'paused' }],
    ['nothing of it', [null, undefined], { state: 'done' }],
  ])('reads %s, and loses an odd entry alone', async (_what, [store, marketing], verdict) => {
    stand = await startStand()
    const body = [
      { ConsentPurposeId: 1, Key: 'STORE', Name: 'Sales and service', Active: store },
      { ConsentPurposeId: 'x', Key: 'OWN', Name: 7, Active: 'perhaps', Deleted: {} },
      { ConsentPurposeId: 9 },
      null,
      { ConsentPurposeId: 2, Key: 'EMARKETING', Active: marketing },
    ]
    await stand.control.post('faults', { path: 'List/ConsentPurpose', status: 200, body })
    expect(await look(stand.open(), 'lists')).toMatchObject(verdict)
  })

  it('pauses where nobody can be withdrawn', async () => {
    stand = await startStand()
    await stand.control.post(`lists/LegalBase/${await idOf('LegalBase', 'WITHDRAWN')}`, {
      deleted: true,
    })
    const pause = pauseOf(await look(stand.open(), 'lists'))
    expect(pause.seen['missing']).toEqual(['the legal basis with key WITHDRAWN'])
  })

  it("notes other bases that are missing, and the tenant's own entries", async () => {
    stand = await startStand()
    await stand.control.post(`lists/LegalBase/${await idOf('LegalBase', '61D')}`, { deleted: true })
    await stand.control.post('lists/LegalBase', { key: 'VERBAL', name: 'Said so' })
    await stand.control.post('lists/ConsentPurpose', { key: 'PROFILING', name: 'Profiling' })
    const { state, note } = (await look(stand.open(), 'lists')) as { state: string; note?: string }
    expect(state).toBe('done')
    expect(note).toMatch(
      /not carried across: 61D\..*not synced: PROFILING\..*neither synced nor mailed: VERBAL\./,
    )
  })
})

describe("the tenant's own legal bases", () => {
  it('are named, those that the file maps, those that it does not, and what it maps in vain (C2)', async () => {
    stand = await startStand()
    for (const key of ['CustAgr', 'Member']) {
      await stand.control.post('lists/LegalBase', { key, name: key })
    }
    const { note } = (await look(
      stand.open({}, { legalBases: { ' custagr': 'contract', CUSTAGGR: 'consent' } }),
      'lists',
    )) as { note?: string }
    expect(note).toBe(
      "The tenant's own legal bases that superoffice.legalBases maps: CustAgr (contract). " +
        "The tenant's own legal bases that superoffice.legalBases does not map; they are neither synced nor mailed: " +
        'Member. Mapped by superoffice.legalBases, and not in this installation: CUSTAGGR.',
    )
  })
})

describe('source', () => {
  it('makes our source once, whatever it is run again', async () => {
    stand = await startStand()
    expect((await look(stand.open(), 'source')).state).toBe('due')
    expect(await stand.requests('addSource')).toBe(0)
    const facts = await runSteps(stand, ['source'])
    expect(facts).toEqual({ sourceKey: 'EMARKETEER' })
    expect(await runSteps(stand, ['source'], facts)).toEqual(facts)
    expect(await stepOf('source').do(stand.open(), PLAIN)).toEqual(facts)
    expect(await stand.requests('addSource')).toBe(1)
    expect(await stepOf('source').undo(stand.open(facts), PLAIN)).toEqual({})
    expect((await look(stand.open(facts), 'source')).state).toBe('done')
  })

  it('makes one only, though the answer is lost', async () => {
    stand = await startStand()
    await stand.control.post('faults', {
      method: 'POST',
      path: 'List/ConsentSource',
      execute: true,
      reset: true,
      times: 1,
    })
    expect(await runSteps(stand, ['source'])).toEqual({ sourceKey: 'EMARKETEER' })
    const keys = (await sources()).map(({ key }) => key)
    expect(keys.filter((key) => key.startsWith('EMARKETEER'))).toEqual(['EMARKETEER'])
  })

  it.each([
    [1, 'EMARKETEER'],
    [2, 'EMARKETEER2'],
  ])(
    'tries the same key once more after an exception, of which there are %d',
    async (times, key) => {
      stand = await startStand()
      const body = { Error: true, ErrorType: 'SoException', ErrorMessage: 'no' }
      await stand.control.post('faults', {
        method: 'POST',
        path: 'List/ConsentSource',
        times,
        status: 500,
        body,
      })
      expect(await runSteps(stand, ['source'])).toEqual({ sourceKey: key })
    },
  )

  it('takes the spelling that is there, and makes another where somebody deleted ours', async () => {
    stand = await startStand()
    await stand.control.post('lists/ConsentSource', { key: 'eMarketeer', name: 'eMarketeer' })
    expect(await runSteps(stand, ['source'])).toEqual({ sourceKey: 'eMarketeer' })
    const id = await idOf('ConsentSource', 'eMarketeer')
    await stand.control.post(`lists/ConsentSource/${id}`, { key: 'EMARKETEER', deleted: true })
    expect(await runSteps(stand, ['source'])).toEqual({ sourceKey: 'EMARKETEER2' })
  })

  it('pauses where we may make none', async () => {
    stand = await startStand()
    await stand.control.post('faults', {
      method: 'POST',
      path: 'ConsentSource',
      status: 403,
      body: {},
    })
    await expect(runSteps(stand, ['source'])).rejects.toMatchObject({
      pause: { code: 'privilegeMissing', seen: { operation: 'POST /List/ConsentSource/Items' } },
    })
  })
})

async function sources() {
  return stand.control.get<readonly { key: string }[]>('lists/ConsentSource')
}

async function idOf(list: string, key: string): Promise<number> {
  const items = await stand.control.get<readonly Record<string, unknown>[]>(`lists/${list}`)
  const item = items.find((one) => one['key'] === key) ?? {}
  const [, id] =
    Object.entries(item).find(([name]) => name.endsWith('_id') && !name.includes('associate')) ?? []
  return Number(id)
}
