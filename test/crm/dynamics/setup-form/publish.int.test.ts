import { afterEach, describe, expect, it } from '@jest/globals'
import { readFacts } from '../../../../src/crm/dynamics/facts.js'
import { look, runStep } from '../support/run-steps.js'
import { startStandIn } from '../support/stand-in.js'
import {
  chosen,
  draftOf,
  FORM,
  type FormsStand,
  formWithTab,
  pauseOf,
  PUBLISH,
  publishes,
  putForm,
  saveDraft,
  startWithTables,
  STOCK_FORM,
  storedForm,
  VIEW,
} from './forms-stand.js'

let one: FormsStand | undefined

afterEach(async () => {
  await one?.stand.close()
  one = undefined
})

async function withDraft() {
  one = await startWithTables({}, [VIEW, FORM])
  return one
}

describe('publishing', () => {
  it('shows users the section, and happens once', async () => {
    const { stand, facts } = await withDraft()
    const draft = await draftOf(stand)
    const before = await publishes(stand)
    const after = await runStep(stand, PUBLISH, facts)
    expect(await storedForm(stand)).toMatchObject({ formxml: draft })
    expect(readFacts(after).published).toBe(true)
    expect(await runStep(stand, PUBLISH, after)).toEqual(after)
    expect(await publishes(stand)).toBe(before + 1)
  })

  it('waits its turn while somebody customises', async () => {
    const { stand, facts } = await withDraft()
    await stand.control('POST', 'switches', { holdLockMs: 60_000 })
    await expect(runStep(stand, PUBLISH, facts)).rejects.toMatchObject({
      code: 'crm_customization_locked',
      retryAfterMs: expect.any(Number),
    })
    await stand.control('POST', 'switches', { releaseLock: true })
    expect(readFacts(await runStep(stand, PUBLISH, facts)).published).toBe(true)
  })

  it('is not repeated when its answer was lost', async () => {
    const { stand, facts } = await withDraft()
    const fault = { method: 'POST', path: 'PublishXml', reset: true, execute: true, times: 1 }
    await stand.control('POST', 'faults', fault)
    await expect(runStep(stand, PUBLISH, facts)).rejects.toMatchObject({ mayHaveBeenApplied: true })
    const before = await publishes(stand)
    await runStep(stand, PUBLISH, facts)
    expect(await publishes(stand)).toBe(before)
  })

  it('does not publish what a colleague saved on the form meanwhile', async () => {
    const { stand, facts } = await withDraft()
    const draft = await draftOf(stand)
    await saveDraft(stand, draft.replace('Bulk Email', 'Mass mailing'))
    const before = await publishes(stand)
    expect(await pauseOf(runStep(stand, PUBLISH, facts))).toMatchObject({
      code: 'draftPending',
      choices: ['retry', 'publishAll', 'skip', 'abort'],
      seen: { drafts: [{ kind: 'form', id: STOCK_FORM, name: 'Contact' }] },
    })
    expect(await publishes(stand)).toBe(before)
    await expect(
      PUBLISH.do(stand.open(facts), { choice: null, subscriptionSync: true }),
    ).rejects.toMatchObject({ pause: { code: 'draftPending' } })
    await saveDraft(stand, draft)
    await runStep(stand, PUBLISH, facts)
  })

  it('does not publish what waits on another form or view of contact, and names it', async () => {
    const { stand, facts } = await withDraft()
    const other = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee'
    const formxml = formWithTab('a', 'b')
    await putForm(stand, other, { formxml, name: 'Sales' })
    expect(await look(stand, PUBLISH, facts)).toMatchObject({
      state: 'due',
      changes: [{ what: expect.stringContaining('Nothing else waits') }],
    })
    await saveDraft(stand, formxml.replace('"b"', '"c"'), other)
    const view = '00000000-0000-0000-00aa-000010001004'
    await stand.control('PATCH', `rows/savedquery/${view}`, { values: { name: 'People' } })
    const before = await publishes(stand)
    const pause = await pauseOf(runStep(stand, PUBLISH, facts))
    expect(pause).toMatchObject({
      code: 'draftPending',
      choices: ['retry', 'publishAll', 'skip', 'abort'],
      seen: {
        drafts: [
          { kind: 'form', id: other, name: 'Sales' },
          { kind: 'view', id: view, name: 'People' },
        ],
      },
    })
    expect(pause.message).toContain('the form "Sales", the view "People"')
    expect(pause.message).toMatch(/unpublished columns, labels, ribbons and charts.* cannot see/)
    expect(await publishes(stand)).toBe(before)
    const everything = chosen({ action: 'publishAll' })
    expect(await look(stand, PUBLISH, facts, everything)).toMatchObject({
      state: 'due',
      changes: [{ what: expect.stringMatching(/the form "Sales", the view "People"\.$/) }],
    })
    await runStep(stand, PUBLISH, facts, everything)
    expect((await storedForm(stand, other)).formxml).toContain('"c"')
  })

  it.each([
    ['refused', { status: 404, body: { error: { code: '0x80060888', message: 'Not found' } } }],
    ['of another kind', { status: 200, body: { rows: [] } }],
  ])('does not publish where the listing of drafts is %s, and says so', async (_, answer) => {
    const { stand, facts } = await withDraft()
    await stand.control('POST', 'faults', { path: 'RetrieveUnpublishedMultiple', ...answer })
    const before = await publishes(stand)
    expect(await pauseOf(runStep(stand, PUBLISH, facts))).toMatchObject({
      code: 'draftPending',
      message: expect.stringContaining('does not report which forms and views'),
      choices: ['retry', 'publishAll', 'skip', 'abort'],
      seen: { drafts: null },
    })
    expect(await publishes(stand)).toBe(before)
    await runStep(stand, PUBLISH, facts, chosen({ action: 'publishAll' }))
    expect(await publishes(stand)).toBe(before + 1)
  })

  it('looks once more right before it publishes', async () => {
    const { stand, facts } = await withDraft()
    const other = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee'
    await putForm(stand, other, { formxml: formWithTab('a', 'b'), name: 'Sales' })
    await saveDraft(stand, formWithTab('a', 'c'), other)
    const context = { choice: null, subscriptionSync: true }
    expect(await pauseOf(PUBLISH.do(stand.open(facts), context))).toMatchObject({
      code: 'draftPending',
    })
  })

  it('has nothing to do where the form was skipped, and is foreseen before anything is made', async () => {
    one = await startWithTables()
    const { stand, facts } = one
    expect(await look(stand, PUBLISH, facts)).toMatchObject({ state: 'skipped' })
    const virgin = await startStandIn()
    try {
      expect(await look(virgin, PUBLISH, {})).toMatchObject({ state: 'due' })
    } finally {
      await virgin.close()
    }
  })

  it('pauses when the section was taken off the form meanwhile', async () => {
    const { stand, facts } = await withDraft()
    await saveDraft(stand, (await storedForm(stand)).formxml)
    expect(await pauseOf(runStep(stand, PUBLISH, facts))).toMatchObject({ code: 'stepFailed' })
  })
})
