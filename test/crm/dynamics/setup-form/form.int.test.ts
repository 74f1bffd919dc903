import { afterEach, describe, expect, it } from '@jest/globals'
import { readFacts } from '../../../../src/crm/dynamics/facts.js'
import { readForm } from '../../../../src/crm/dynamics/setup/form/form-document.js'
import { ownParts } from '../../../../src/crm/dynamics/setup/form/own-parts.js'
import { withoutOurs } from '../../../../src/crm/dynamics/setup/form/splice.js'
import { OWN_VIEW } from '../../../../src/crm/dynamics/setup/view/view-rows.js'
import { look, runStep, writesMade } from '../support/run-steps.js'
import { startStandIn } from '../support/stand-in.js'
import {
  chosen,
  draftOf,
  FORM,
  type FormsStand,
  formWithTab,
  pauseOf,
  publishByHand,
  putForm,
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

async function withView(options = {}) {
  one = await startWithTables(options, [VIEW])
  return one
}

describe('the section on the contact form', () => {
  it('is put on the Details tab as a draft; nothing else changes, nor anything a second time', async () => {
    const { stand, facts } = await withView()
    const before = (await storedForm(stand)).formxml
    const after = await runStep(stand, FORM, facts)
    expect(readFacts(after).form).toEqual({ formId: STOCK_FORM, chosen: false, tab: null })
    const { formxml, draft } = await storedForm(stand)
    expect(formxml).toBe(before)
    const written = draft?.formxml ?? ''
    expect(withoutOurs(written)).toBe(before)
    const details = written.slice(
      written.indexOf('"DETAILS_TAB"'),
      written.indexOf('</tab>', written.indexOf('"DETAILS_TAB"')),
    )
    expect(details).toContain('name="em_subscriptions"')
    expect(details).toContain(
      '<label description="Subscriptions" languagecode="1033"/><label description="Prenumerationer" languagecode="1053"/>',
    )
    expect(details).toContain(`<ViewId>{${OWN_VIEW.viewId}}</ViewId>`)
    expect(written).toContain('name="MscrmControls.Grid.PCFGridControl"')

    await stand.control('DELETE', 'counters')
    expect(await runStep(stand, FORM, after)).toEqual(after)
    expect(await writesMade(stand)).toEqual([])
    const { rows } = await stand.control<{ rows: Record<string, unknown>[] }>(
      'GET',
      'rows/solutioncomponent',
    )
    expect(rows).toContainEqual(
      expect.objectContaining({ objectid: STOCK_FORM, componenttype: 60 }),
    )
  })

  it('has the plain sub-grid where no editable grid is installed', async () => {
    const { stand, facts } = await withView({ customControls: [] })
    await runStep(stand, FORM, facts)
    expect(await draftOf(stand)).not.toContain('controlDescription')
  })

  it('is shown beforehand as a diff, also where nothing is there yet', async () => {
    const stand = await startStandIn()
    one = { stand, facts: {} }
    const verdict = await look(stand, FORM, {})
    const changes = verdict.state === 'due' ? verdict.changes : []
    expect(changes).toHaveLength(1)
    const lines = changes[0]?.diff?.split('\n') ?? []
    expect(lines.slice(0, 2)).toEqual(['--- form as it is', '+++ form as it would be'])
    expect(lines.filter((line) => line.startsWith('-')).slice(1)).toEqual([])
    expect(lines.filter((line) => line.startsWith('+<section'))).toHaveLength(1)
    expect(lines).toContain(' </section>')
    expect(changes[0]?.what).toContain('DETAILS_TAB')
  })

  it('notes a changed name of the form, and goes on', async () => {
    const { stand, facts } = await withView()
    const { formxml } = await storedForm(stand)
    await putForm(stand, STOCK_FORM, { formxml, name: 'Kontakt' })
    const after = await runStep(stand, FORM, facts)
    expect(await look(stand, FORM, after)).toMatchObject({
      state: 'done',
      note: expect.stringContaining('Kontakt'),
    })
  })

  it('finds the tab by its label in a language of the organisation', async () => {
    const { stand, facts } = await withView()
    const formxml = formWithTab('tab_7', 'Detaljer', 1053)
    await putForm(stand, STOCK_FORM, { formxml })
    await runStep(stand, FORM, facts)
    const draft = await draftOf(stand)
    expect(withoutOurs(draft)).toBe(formxml)
    expect(ownParts(readForm(draft)).section).not.toBeNull()
  })

  it('goes on after a lost answer', async () => {
    const { stand, facts } = await withView()
    const fault = { method: 'PATCH', path: '/systemforms', reset: true, execute: true, times: 1 }
    await stand.control('POST', 'faults', fault)
    await expect(runStep(stand, FORM, facts)).rejects.toMatchObject({ mayHaveBeenApplied: true })
    const after = await runStep(stand, FORM, facts)
    expect(readFacts(after).form?.formId).toBe(STOCK_FORM)
  })

  it('is written though the etag never fits, as long as the form is the same', async () => {
    const { stand, facts } = await withView()
    const body = { error: { code: '0x80060882', message: 'The version does not match' } }
    const conflict = { method: 'PATCH', path: '/systemforms', status: 412, body, times: 1 }
    await stand.control('POST', 'faults', conflict)
    await runStep(stand, FORM, facts)
    const written = await draftOf(stand)
    expect(ownParts(readForm(written)).section).not.toBeNull()
  })

  it('is brought up to date where the customer moved it', async () => {
    const { stand, facts } = await withView()
    await runStep(stand, FORM, facts)
    await publishByHand(stand, facts)
    const form = readForm(await draftOf(stand))
    const { section } = ownParts(form)
    const text = form.xml.slice(section?.start, section?.end)
    const moved = form.xml.replace(text, '').replace('<sections>', `<sections>${text}`)
    const older = moved.replaceAll(OWN_VIEW.viewId, '00000000-0000-0000-00aa-000010001004')
    await putForm(stand, STOCK_FORM, { formxml: older })
    expect(await look(stand, FORM, facts)).toMatchObject({ state: 'due' })
    await runStep(stand, FORM, facts)
    expect(await draftOf(stand)).toBe(moved)
  })

  it('needs a view, and takes the one that Support names', async () => {
    const { stand, facts } = await withView()
    const noView = { ...facts, view: null }
    await stand.control('DELETE', `rows/savedquery/${OWN_VIEW.viewId}`)
    const pause = await pauseOf(runStep(stand, FORM, noView))
    expect(pause).toMatchObject({
      code: 'viewUncertain',
      choices: expect.arrayContaining(['useView']),
    })
    const own = await runStep(stand, VIEW, noView)
    await stand.control('POST', 'rows/savedquery', {
      id: '99999999-8888-4777-8666-555555555555',
      values: {
        ...Object.fromEntries(
          Object.entries(await stand.control('GET', `rows/savedquery/${OWN_VIEW.viewId}`)).filter(
            ([key]) =>
              ['fetchxml', 'layoutxml', 'returnedtypecode', 'querytype', 'name'].includes(key),
          ),
        ),
      },
    })
    const useView = { action: 'useView', viewId: '99999999-8888-4777-8666-555555555555' } as const
    const after = await runStep(stand, FORM, own, chosen(useView))
    expect(readFacts(after).view).toEqual({ viewId: useView.viewId, chosen: true })
    expect(await draftOf(stand)).toContain(`<ViewId>{${useView.viewId}}</ViewId>`)
  })
})
