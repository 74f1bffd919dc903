import { afterEach, describe, expect, it } from '@jest/globals'
import { OWN_VIEW } from '../../../../src/crm/dynamics/setup/view/view-rows.js'
import { PLAIN, undoSteps } from '../support/run-steps.js'
import {
  chosen,
  draftOf,
  FORM,
  type FormsStand,
  formWithTab,
  pauseOf,
  PUBLISH,
  publishByHand,
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

const STEPS = [VIEW, FORM, PUBLISH]
const COPY = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee'

/** The stand-in's original form, read from another equal stand-in. */
async function untouchedForm(): Promise<string> {
  const fresh = await startWithTables()
  const { formxml } = await storedForm(fresh.stand)
  await fresh.stand.close()
  return formxml
}

describe('taking it all out again', () => {
  it('restores the published form to the byte, and deletes the view; twice is fine', async () => {
    const before = await untouchedForm()
    one = await startWithTables({}, STEPS)
    const { stand, facts } = one
    expect((await storedForm(stand)).formxml).not.toBe(before)
    const after = await undoSteps(stand, facts, STEPS)
    const { formxml, draft } = await storedForm(stand)
    expect(formxml).toBe(before)
    expect(draft).toBeUndefined()
    expect(after).toMatchObject({ view: null, form: null, published: null })
    await expect(stand.control('GET', `rows/savedquery/${OWN_VIEW.viewId}`)).rejects.toThrow('404')
    expect(await undoSteps(stand, after, STEPS)).toEqual(after)
  })

  it('takes out what was never published, and what was written and then forgotten', async () => {
    one = await startWithTables({}, [VIEW, FORM])
    const { stand } = one
    const { formxml } = await storedForm(stand)
    await undoSteps(stand, {}, STEPS)
    expect(await draftOf(stand)).toBe(formxml)
  })

  it('takes it out of copies of the form too, and keeps what others changed', async () => {
    one = await startWithTables({}, STEPS)
    const { stand, facts } = one
    const { formxml } = await storedForm(stand)
    const changed = formxml.replace('Bulk Email', 'Mass mailing')
    await putForm(stand, COPY, { formxml: changed, name: 'Copy', formactivationstate: 0 })
    await undoSteps(stand, facts, STEPS)
    const copy = (await storedForm(stand, COPY)).formxml
    expect(copy).toBe((await storedForm(stand)).formxml.replace('Bulk Email', 'Mass mailing'))
    expect(copy).not.toContain('em_subscriptions')
  })

  it('pauses for a draft of a colleague, with nothing changed', async () => {
    one = await startWithTables({}, STEPS)
    const { stand, facts } = one
    const { formxml } = await storedForm(stand)
    const theirs = formxml.replace('Bulk Email', 'Mass mailing')
    await putForm(stand, COPY, { formxml, name: 'Copy' })
    await saveDraft(stand, theirs, COPY)
    expect(await pauseOf(FORM.undo(stand.open(facts), PLAIN))).toMatchObject({
      code: 'draftPending',
      choices: ['retry', 'publishAll', 'abort'],
      seen: { drafts: [{ kind: 'form', id: COPY, name: 'Copy' }] },
    })
    expect(await draftOf(stand)).toBe(formxml)
    await publishByHand(stand, facts)
    await undoSteps(stand, facts, STEPS)
    expect((await storedForm(stand, COPY)).formxml).toContain('Mass mailing')
  })

  it('pauses for a draft on a form and a view that have nothing of ours, until all is to be published', async () => {
    one = await startWithTables({}, STEPS)
    const { stand, facts } = one
    const { formxml } = await storedForm(stand)
    await putForm(stand, COPY, { formxml: formWithTab('a', 'b'), name: 'Sales' })
    await saveDraft(stand, formWithTab('a', 'c'), COPY)
    const view = '00000000-0000-0000-00aa-000010001004'
    await stand.control('PATCH', `rows/savedquery/${view}`, { values: { name: 'People' } })
    const before = await publishes(stand)
    expect(await pauseOf(FORM.undo(stand.open(facts), PLAIN))).toMatchObject({
      code: 'draftPending',
      seen: { drafts: [{ name: 'Sales' }, { name: 'People' }] },
    })
    expect(await draftOf(stand)).toBe(formxml)
    expect(await publishes(stand)).toBe(before)
    await FORM.undo(stand.open(facts), chosen({ action: 'publishAll' }))
    expect((await storedForm(stand, COPY)).formxml).toContain('"c"')
    expect((await storedForm(stand)).formxml).not.toContain('em_subscriptions')
  })

  it('does not mind a form that it cannot read, unless that names us', async () => {
    one = await startWithTables({}, STEPS)
    const { stand, facts } = one
    await putForm(stand, COPY, { formxml: '<form><tabs/></form>', name: 'Odd' })
    const odd = '<form><tabs/><x name="em_subscriptions"/></form>'
    const fault = {
      method: 'GET',
      path: `/systemforms\\(${COPY}`,
      body: { name: '', formxml: odd },
    }
    await stand.control('POST', 'faults', { ...fault, status: 200 })
    const run = FORM.undo(stand.open(facts), PLAIN)
    expect(await pauseOf(run)).toMatchObject({ code: 'formUncertain', seen: { formId: COPY } })
    await stand.control('DELETE', 'faults')
    await FORM.undo(stand.open(facts), PLAIN)
    expect(await draftOf(stand)).not.toContain('em_subscriptions')
  })

  it('pauses for a form that was locked meanwhile', async () => {
    one = await startWithTables({}, STEPS)
    const { stand, facts } = one
    const values = { iscustomizable: { Value: false, CanBeChanged: false } }
    await stand.control('PATCH', `rows/systemform/${STOCK_FORM}`, { values })
    expect(await pauseOf(FORM.undo(stand.open(facts), PLAIN))).toMatchObject({
      code: 'formUncertain',
      choices: ['retry', 'abort'],
    })
  })

  it('goes on after it was killed between writing and publishing', async () => {
    one = await startWithTables({}, STEPS)
    const { stand, facts } = one
    const fault = { method: 'POST', path: 'PublishXml', status: 503, times: 1 }
    await stand.control('POST', 'faults', fault)
    await expect(FORM.undo(stand.open(facts), PLAIN)).rejects.toThrow()
    expect((await storedForm(stand)).formxml).toContain('em_subscriptions')
    await undoSteps(stand, facts, STEPS)
    expect((await storedForm(stand)).formxml).not.toContain('em_subscriptions')
  })

  it('names what else uses the view', async () => {
    one = await startWithTables({}, [VIEW])
    const { stand, facts } = one
    const user = `<form><tabs><tab id="{11111111-2222-4333-8444-555555555555}"><columns><column><sections><section id="{11111111-2222-4333-8444-555555555556}"><rows><row><cell id="{11111111-2222-4333-8444-555555555557}"><control id="theirs"><parameters><ViewId>{${OWN_VIEW.viewId}}</ViewId></parameters></control></cell></row></rows></section></sections></column></columns></tab></tabs></form>`
    await putForm(stand, COPY, { formxml: user, name: 'Theirs' })
    expect(await pauseOf(VIEW.undo(stand.open(facts), PLAIN))).toMatchObject({
      code: 'stepFailed',
      message: expect.stringContaining('form Theirs'),
    })
  })
})
