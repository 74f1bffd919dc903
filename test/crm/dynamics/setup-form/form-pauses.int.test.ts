import { afterEach, describe, expect, it } from '@jest/globals'
import type { StepChoice } from '../../../../src/contracts/setup.js'
import { readFacts } from '../../../../src/crm/dynamics/facts.js'
import { DynamicsCrm } from '../../../../src/crm/dynamics/session.js'
import { withoutOurs } from '../../../../src/crm/dynamics/setup/form/splice.js'
import { look, runStep, writesMade } from '../support/run-steps.js'
import {
  chosen,
  draftOf,
  FORM,
  type FormsStand,
  formWithTab,
  pauseOf,
  publishByHand,
  putForm,
  removeForm,
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

const OTHER = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee'
const THIRD = 'aaaaaaaa-bbbb-4ccc-8ddd-ffffffffffff'
const DETAILS = formWithTab('DETAILS_TAB', 'Anything')

async function withView() {
  one = await startWithTables({}, [VIEW])
  return one
}

/** Runs the form's step, and checks that a pause changed nothing. */
async function pausing({ stand, facts }: FormsStand, choice: StepChoice | null = null) {
  await stand.control('DELETE', 'counters')
  const pause = await pauseOf(runStep(stand, FORM, facts, chosen(choice)))
  expect(await writesMade(stand)).toEqual([])
  await expect(FORM.do(stand.open(facts), chosen(choice))).rejects.toMatchObject({ pause })
  expect(await writesMade(stand)).toEqual([])
  return pause
}

describe('a contact form that is not certain', () => {
  it('pauses with all main forms when the stock one is locked and none is the default', async () => {
    const { stand, facts } = await withView()
    await putForm(stand, STOCK_FORM, { formxml: DETAILS, customizable: false, isdefault: true })
    await putForm(stand, OTHER, { formxml: DETAILS, name: 'Sales' })
    const pause = await pausing({ stand, facts })
    expect(pause).toMatchObject({
      code: 'formUncertain',
      message: expect.stringContaining('locked'),
      choices: ['useForm', 'retry', 'skip', 'abort'],
    })
    const shown = { active: true, managed: false }
    expect(pause.seen['forms']).toEqual(
      expect.arrayContaining([
        { id: STOCK_FORM, name: 'Contact', default: true, customizable: false, ...shown },
        { id: OTHER, name: 'Sales', default: false, customizable: true, ...shown },
      ]),
    )
  })

  it('pauses when the stock one is inactive or gone and several are the default', async () => {
    const { stand, facts } = await withView()
    await putForm(stand, STOCK_FORM, { formxml: DETAILS, formactivationstate: 0, isdefault: true })
    await putForm(stand, OTHER, { formxml: DETAILS, isdefault: true })
    await putForm(stand, THIRD, { formxml: DETAILS, isdefault: true })
    expect((await pausing({ stand, facts })).message).toContain('not active')
    await removeForm(stand, STOCK_FORM)
    expect((await pausing({ stand, facts })).message).toContain('several')
  })

  it('is certain again when exactly one default may be customised', async () => {
    const { stand, facts } = await withView()
    await removeForm(stand, STOCK_FORM)
    await putForm(stand, OTHER, { formxml: DETAILS, isdefault: true, name: 'Sales' })
    await putForm(stand, THIRD, { formxml: DETAILS, isdefault: true, customizable: false })
    const after = await runStep(stand, FORM, facts)
    expect(readFacts(after).form).toEqual({ formId: OTHER, chosen: false, tab: null })
    expect(await look(stand, FORM, after)).toMatchObject({ note: expect.stringContaining('Sales') })
  })

  it('stays the one with our section, though another is certain by now, or it was locked', async () => {
    const { stand, facts } = await withView()
    await removeForm(stand, STOCK_FORM)
    await putForm(stand, OTHER, { formxml: DETAILS, isdefault: true, name: 'Sales' })
    const after = await runStep(stand, FORM, facts)
    await putForm(stand, STOCK_FORM, { formxml: DETAILS })
    expect(await runStep(stand, FORM, after)).toEqual(after)
    expect(await draftOf(stand)).toBe(DETAILS)
    await putForm(stand, OTHER, { formxml: await draftOf(stand, OTHER), customizable: false })
    await removeForm(stand, STOCK_FORM)
    expect(await look(stand, FORM, after)).toMatchObject({
      state: 'done',
      note: expect.stringContaining('locked'),
    })
  })

  it('is the one that Support names, then and later', async () => {
    const { stand, facts } = await withView()
    await putForm(stand, OTHER, { formxml: DETAILS, name: 'Sales' })
    const stock = await draftOf(stand)
    const useForm = { action: 'useForm', formId: `{${OTHER.toUpperCase()}}` } as const
    const after = await runStep(stand, FORM, facts, chosen(useForm))
    expect(readFacts(after).form).toEqual({ formId: OTHER, chosen: true, tab: null })
    expect(withoutOurs(await draftOf(stand, OTHER))).toBe(DETAILS)
    expect(await draftOf(stand)).toBe(stock)
    expect(await runStep(stand, FORM, after)).toEqual(after)
    await removeForm(stand, OTHER)
    expect(await pausing({ stand, facts: after })).toMatchObject({ code: 'formUncertain' })
  })

  it('pauses again when the named one is of no use', async () => {
    const { stand, facts } = await withView()
    await putForm(stand, OTHER, { formxml: DETAILS, customizable: false })
    const { rows } = await stand.control<{ rows: { id: string; type: number }[] }>(
      'GET',
      'rows/systemform',
    )
    const quickView = rows.find(({ type }) => type === 6)?.id ?? ''
    for (const formId of [OTHER, quickView, 'no id', THIRD]) {
      const pause = await pausing({ stand, facts }, { action: 'useForm', formId })
      expect(pause.code).toBe('formUncertain')
    }
  })

  it.each([
    ['malformed', DETAILS.replace('</tabs>', '')],
    ['an unknown entity', DETAILS.replace('Anything', '&nbsp;')],
    ['no form', '<dashboard><tabs/></dashboard>'],
    ['without tabs', '<form><tabs/></form>'],
    ['with a document type', `<!DOCTYPE form>${DETAILS}`],
    ['with a tab of another shape', DETAILS.replaceAll('columns', 'panes')],
    [
      'with our section twice',
      DETAILS.replace(
        '<sections />',
        '<sections><section name="em_subscriptions"/><section name="em_subscriptions"/></sections>',
      ),
    ],
  ])('pauses for a form that is %s', async (_what, formxml) => {
    const { stand, facts } = await withView()
    await putForm(stand, STOCK_FORM, { formxml: DETAILS })
    // Forms that no designer would save: the service is made to return them.
    const body = { name: 'Contact', formxml }
    await stand.control('POST', 'faults', {
      method: 'GET',
      path: `/systemforms\\(${STOCK_FORM}`,
      status: 200,
      body,
    })
    const pause = await pausing({ stand, facts })
    expect(pause).toMatchObject({ code: 'formUncertain', seen: { formId: STOCK_FORM } })
    expect(pause.seen['forms']).toHaveLength(1)
  })
})

describe('a form without a certain Details tab', () => {
  const SUMMARY = formWithTab('SUMMARY_TAB', 'Summary')

  it('pauses with its tabs', async () => {
    const { stand, facts } = await withView()
    await putForm(stand, STOCK_FORM, { formxml: SUMMARY })
    expect(await pausing({ stand, facts })).toMatchObject({
      code: 'detailsTabMissing',
      choices: ['useTab', 'createTab', 'useForm', 'retry', 'skip', 'abort'],
      seen: {
        formId: STOCK_FORM,
        tabs: [{ name: 'SUMMARY_TAB', labels: ['Summary'], hidden: false, id: expect.anything() }],
      },
    })
  })

  it.each(['SUMMARY_TAB', '11111111-2222-4333-8444-555555555555', ' summary '])(
    'takes the tab that Support names as %s, also after the section was lost',
    async (tab) => {
      const { stand, facts } = await withView()
      await putForm(stand, STOCK_FORM, { formxml: SUMMARY })
      const after = await runStep(stand, FORM, facts, chosen({ action: 'useTab', tab }))
      const written = await draftOf(stand)
      expect(withoutOurs(written)).toBe(SUMMARY)
      await saveDraft(stand, SUMMARY)
      await runStep(stand, FORM, after)
      expect(await draftOf(stand)).toBe(written)
      const wrong = { action: 'useTab', tab: 'NO_TAB' } as const
      await saveDraft(stand, SUMMARY)
      expect((await pausing({ stand, facts }, wrong)).code).toBe('detailsTabMissing')
    },
  )

  it('takes a tab of a form, both named together', async () => {
    const { stand, facts } = await withView()
    await putForm(stand, OTHER, { formxml: SUMMARY })
    const both = { action: 'useTab', formId: OTHER, tab: 'SUMMARY_TAB' } as const
    const after = await runStep(stand, FORM, facts, chosen(both))
    expect(readFacts(after).form).toMatchObject({ formId: OTHER, chosen: true })
  })

  it('gets a tab of ours when Support has it made, also after it was lost', async () => {
    const { stand, facts } = await withView()
    await putForm(stand, STOCK_FORM, { formxml: SUMMARY })
    const after = await runStep(stand, FORM, facts, chosen({ action: 'createTab' }))
    const written = await draftOf(stand)
    expect(written).toContain('<label description="Detaljer" languagecode="1053"/>')
    expect(withoutOurs(written)).toBe(SUMMARY)
    await saveDraft(stand, SUMMARY)
    await runStep(stand, FORM, after)
    expect(await draftOf(stand)).toBe(written)
  })

  it('gets a tab of ours where the one that was named earlier is gone', async () => {
    const { stand, facts } = await withView()
    await putForm(stand, STOCK_FORM, { formxml: SUMMARY })
    const named = { action: 'useTab', tab: 'SUMMARY_TAB' } as const
    const after = await runStep(stand, FORM, facts, chosen(named))
    const another = formWithTab('ANOTHER_TAB', 'Another').replaceAll('11111111', '22222222')
    await saveDraft(stand, another)
    await publishByHand(stand, facts)
    expect((await pausing({ ...one!, facts: after })).code).toBe('detailsTabMissing')
    await runStep(stand, FORM, after, chosen({ action: 'createTab' }))
    expect(await draftOf(stand)).toContain('<label description="Detaljer" languagecode="1053"/>')
  })

  it('pauses when two tabs bear the label', async () => {
    const { stand, facts } = await withView()
    const [tab = ''] = /<tab .*<\/tab>/s.exec(formWithTab('a', 'Details')) ?? []
    const twin = tab.replace("'a'", "'b'").replace('11111111', '22222222')
    const formxml = formWithTab('a', 'Details').replace('</tabs>', `${twin}</tabs>`)
    await putForm(stand, STOCK_FORM, { formxml })
    expect((await pausing({ stand, facts })).code).toBe('detailsTabMissing')
  })
})

describe("a colleague's unpublished draft", () => {
  it('pauses until it is published, and our own draft is none', async () => {
    const { stand, facts } = await withView()
    const { formxml } = await storedForm(stand)
    const theirs = formxml.replace('Bulk Email', 'Mass mailing')
    await saveDraft(stand, theirs)
    expect(await pausing({ stand, facts })).toMatchObject({
      code: 'draftPending',
      choices: ['retry', 'useForm', 'skip', 'abort'],
      seen: { formId: STOCK_FORM, formName: 'Contact' },
    })
    await publishByHand(stand, facts)
    const after = await runStep(stand, FORM, facts)
    expect(withoutOurs(await draftOf(stand))).toBe(theirs)
    // The state after a kill between writing and publishing, with and without the learned facts.
    expect(await look(stand, FORM, facts)).toMatchObject({ state: 'done' })
    expect(await look(stand, FORM, after)).toMatchObject({ state: 'done' })
    const both = (await draftOf(stand)).replace('Mass mailing', 'Bulk Email')
    await saveDraft(stand, both)
    expect((await pausing({ stand, facts: after })).code).toBe('draftPending')
  })

  it('saved between our reading and our writing is not overwritten', async () => {
    const { stand, facts } = await withView()
    const theirs = (await draftOf(stand)).replace('Bulk Email', 'Mass mailing')
    const crm = stand.open(facts)
    if (!(crm instanceof DynamicsCrm)) {
      throw new TypeError('no Dynamics session')
    }
    const { client } = crm
    const send = client.text.bind(client)
    client.text = async (request, context) => {
      if (request.method === 'PATCH') {
        await saveDraft(stand, theirs)
      }
      return send(request, context)
    }
    const pause = await pauseOf(FORM.do(crm, chosen(null)))
    expect(pause.code).toBe('draftPending')
    expect(await draftOf(stand)).toBe(theirs)
  })

  it('on another form is nothing to wait for', async () => {
    const { stand, facts } = await withView()
    await putForm(stand, OTHER, { formxml: DETAILS })
    await saveDraft(stand, DETAILS.replace('Anything', 'Something'), OTHER)
    expect(readFacts(await runStep(stand, FORM, facts)).form?.formId).toBe(STOCK_FORM)
  })
})
