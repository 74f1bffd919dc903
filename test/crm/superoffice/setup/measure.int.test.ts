import { afterEach, describe, expect, it } from '@jest/globals'
import type { CrmFacts } from '../../../../src/crm/crm.js'
import { readFacts } from '../../../../src/crm/superoffice/facts.js'
import {
  addPerson,
  look,
  PLAIN,
  runSteps,
  type SeenPerson,
  type Stand,
  startStand,
  stepOf,
} from './stand.js'

const BEFORE = ['connect', 'privileges', 'lists', 'source']

let stand: Stand
let person: number

afterEach(async () => {
  await stand.close()
})

/** Writes to the same row immediately after ours, while its answer is still on its way. */
async function alsoWrite(): Promise<void> {
  while ((await stand.control.get<unknown[]>('writes')).length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await stand.control.post(`persons/${person}/edit-consent`, { purpose: 'EMARKETING' })
}

/** Creates a test person with the given consents, and runs set-up up to the measurement. */
async function start(
  options: Parameters<typeof startStand>[0] = {},
  consents: object = {},
): Promise<CrmFacts> {
  stand = await startStand(options)
  person = await addPerson(stand, { firstName: 'Test', emails: ['test@x.test'], consents })
  return runSteps(stand, BEFORE)
}

function measure(facts: CrmFacts): Promise<CrmFacts> {
  return runSteps(stand, ['measure'], facts, { testPersonId: person })
}

async function consents() {
  return (await stand.control.get<SeenPerson>(`persons/${person}`)).consents
}

const byARep = { legalBase: '61B', source: 'WEBFORM', comment: 'by phone' }

describe('measuring', () => {
  it('without a test person writes nothing, and assumes the safe side', async () => {
    const facts = await start()
    const verdict = await look(stand.open(facts), 'measure')
    expect(verdict).toMatchObject({
      state: 'skipped',
      note: expect.stringContaining('superoffice.testPersonId'),
      facts: { firstVersion: null, measured: null },
    })
    expect(await stand.control.get('writes')).toEqual([])
    expect(readFacts(await runSteps(stand, ['measure'], facts)).measured).toBeUndefined()
    expect(stand.open(facts).countsWrites).toBe(false)
  })

  it.each([
    ['PATCH', 'Person/', { cardTouchesConsent: null }],
    ['POST', 'Upsert', { upsert: 'unavailable' }],
  ])('is not stopped by an exception of SuperOffice to %s %s', async (method, path, found) => {
    const facts = await start()
    const body = { Error: true, ErrorType: 'SoException', ErrorMessage: 'mandatory field' }
    await stand.control.post('faults', { method, path, status: 500, body })
    expect(readFacts(await measure(facts)).measured).toMatchObject(found)
  })

  it('only looks at first', async () => {
    const facts = await start()
    const verdict = await look(stand.open(facts, { testPersonId: person }), 'measure')
    expect(verdict.state).toBe('due')
    expect(await stand.control.get('writes')).toEqual([])
  })

  it.each([
    { firstUpdatedCount: 0, updatedOnInsert: 'yearOne', equalWrite: 'counted' },
    { firstUpdatedCount: 1, updatedOnInsert: 'registered', equalWrite: 'skipped' },
    { firstUpdatedCount: 1, updatedOnInsert: 'yearOne', equalWrite: 'counted' },
    { firstUpdatedCount: 0, updatedOnInsert: 'registered', equalWrite: 'skipped' },
  ] as const)('learns how rows are counted: %j', async (switches) => {
    const facts = await measure(await start({ switches }))
    expect(readFacts(facts)).toMatchObject({
      firstVersion: switches.firstUpdatedCount,
      measured: {
        personId: person,
        equalWriteCounts: switches.equalWrite === 'counted',
        cardTouchesConsent: false,
        upsert: 'counts',
      },
    })
    // Nothing was recorded for marketing before: the row cannot be removed, and mails nobody.
    expect((await consents())['EMARKETING']).toMatchObject({
      legalBase: 'WITHDRAWN',
      comment: 'eMarketeer set-up measured with this person',
    })
    expect((await consents())['STORE']).toMatchObject({ legalBase: '61F', source: 'USER' })
    const again = await look(stand.open(facts, { testPersonId: person }), 'measure')
    expect(again.state).toBe('done')
    expect(stand.open(facts).countsWrites).toBe(true)
  })

  it('reports where saving a card touches the consents', async () => {
    const facts = await measure(await start({ switches: { saveTouchesConsent: true } }))
    expect(readFacts(facts)).toMatchObject({
      measured: { cardTouchesConsent: true },
    })
    const verdict = await look(stand.open(facts, { testPersonId: person }), 'measure')
    expect(verdict).toMatchObject({ note: expect.stringContaining('Saving a card touches') })
  })

  it('does not know it where the card cannot be saved', async () => {
    const before = await start()
    await stand.control.post('faults', { method: 'PATCH', status: 403, body: {} })
    expect(readFacts(await measure(before))).toMatchObject({
      measured: { cardTouchesConsent: null },
    })
  })

  it.each([
    ['forbidden', true, 'unavailable'],
    ['absent', true, 'unavailable'],
    ['available', false, 'blind'],
    ['available', true, 'counts'],
  ] as const)('tries the mass write: %s, stamping %s', async (upsert, upsertStamps, expected) => {
    const facts = await start({ switches: { upsert, upsertStamps } }, { EMARKETING: byARep })
    expect(readFacts(await measure(facts)).measured?.upsert).toBe(expected)
  })

  it('puts back what was there, with its comment', async () => {
    const facts = await measure(await start({}, { EMARKETING: byARep }))
    expect(readFacts(facts).firstVersion).toBeUndefined()
    expect((await consents())['EMARKETING']).toMatchObject({
      legalBase: '61B',
      source: 'EMARKETEER',
      comment: 'by phone',
    })
  })

  it('works with the keys of an old server', async () => {
    const facts = await measure(await start({ mode: 'onsite', older: true }))
    expect(readFacts(facts)).toMatchObject({ firstVersion: 0 })
    expect((await consents())['#EMARKETING']).toMatchObject({ legalBase: '#WITHDRAWN' })
  })

  it('pauses where our user may not update consents, and has changed nothing', async () => {
    const facts = await start({ switches: { consentRight: false } }, { EMARKETING: byARep })
    await stand.control.post('switches', { upsert: 'absent' })
    await expect(measure(facts)).rejects.toMatchObject({
      pause: {
        code: 'privilegeMissing',
        seen: { operation: 'PUT /Person/{id}/Consent/{purpose}' },
      },
    })
    expect((await consents())['EMARKETING']).toMatchObject({ legalBase: '61B', source: 'WEBFORM' })
  })

  it('pauses where a write does not count by one', async () => {
    const facts = await start({ switches: { upsert: 'absent' } }, { EMARKETING: byARep })
    // Another write follows ours, as a customer's trigger would do it.
    await stand.control.post('faults', { method: 'PUT', lateMs: 500, times: 1 })
    const outcome = measure(facts)
    const meddling = alsoWrite()
    await expect(outcome).rejects.toMatchObject({
      pause: { code: 'stepFailed', choices: ['retry', 'abort'] },
    })
    await meddling
    expect((await consents())['EMARKETING']).toMatchObject({ legalBase: '61B' })
  })

  it.each([1, 2, 3, 4, 5])('is put right after a kill at write %i', async (writes) => {
    const facts = await start({ switches: { upsert: 'absent' } }, { EMARKETING: byARep })
    // Everything after this many writes fails, also the restoring.
    await stand.control.post('faults', {
      id: 'dead',
      method: 'PUT|PATCH',
      skip: writes - 1,
      reset: true,
      execute: writes % 2 === 0,
    })
    const killed = measure(facts).then(
      () => 'done',
      () => 'killed',
    )
    // If only the last write, the fifth (one is the card's), restores the value, it is complete.
    expect(await killed).toBe(writes > 4 ? 'done' : 'killed')
    await stand.control.clearFaults('dead')
    await measure(facts)
    expect((await consents())['EMARKETING']).toMatchObject({ legalBase: '61B' })
  })

  it('undone, it puts right what a killed run left, and forgets what it learned', async () => {
    const facts = await start({ switches: { upsert: 'absent' } }, { EMARKETING: byARep })
    await stand.control.post('faults', { method: 'PUT', skip: 1, reset: true })
    await expect(measure(facts)).rejects.toMatchObject({ code: 'upstream_unreachable' })
    await stand.control.clearFaults()
    expect((await consents())['EMARKETING']).toMatchObject({ legalBase: 'WITHDRAWN' })
    const crm = () => stand.open(facts, { testPersonId: person })
    const forgotten = await stepOf('measure').undo(crm(), PLAIN)
    expect(forgotten).toEqual({ measured: null, firstVersion: null })
    expect((await consents())['EMARKETING']).toMatchObject({ legalBase: '61B' })
    const { length } = await stand.control.get<unknown[]>('writes')
    await stepOf('measure').undo(crm(), PLAIN)
    expect(await stand.control.get('writes')).toHaveLength(length)
  })

  it('says where the test person is not there', async () => {
    const facts = await start()
    const crm = stand.open(facts, { testPersonId: 99_999 })
    await expect(look(crm, 'measure')).rejects.toMatchObject({
      code: 'value_invalid',
      path: 'superoffice.testPersonId',
    })
  })
})
