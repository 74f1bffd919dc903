import { afterEach, describe, expect, it } from '@jest/globals'
import { readFacts } from '../../../../src/crm/dynamics/facts.js'
import { OWN_VIEW } from '../../../../src/crm/dynamics/setup/view/view-rows.js'
import { look, PLAIN, runStep, writesMade } from '../support/run-steps.js'
import { startStandIn } from '../support/stand-in.js'
import { chosen, type FormsStand, pauseOf, startWithTables, VIEW } from './forms-stand.js'

let one: FormsStand | undefined

afterEach(async () => {
  await one?.stand.close()
  one = undefined
})

const ownRow = `rows/savedquery/${OWN_VIEW.viewId}`
const OTHER_VIEW = '99999999-8888-4777-8666-555555555555'

async function withView() {
  one = await startWithTables({}, [VIEW])
  return one
}

async function addView(stand: FormsStand['stand'], toggle: string, statecode = 0) {
  const { rows } = await stand.control<{ rows: Record<string, string>[] }>('GET', 'rows/savedquery')
  const own = rows.find(({ id }) => id === OWN_VIEW.viewId)
  const values = {
    name: 'Of a colleague',
    returnedtypecode: 'em_subscriptions',
    querytype: 0,
    fetchxml: own?.['fetchxml']?.replace('<attribute name="em_subscribed"/>', toggle),
    layoutxml: own?.['layoutxml']?.replace('<cell name="em_subscribed" width="100"/>', ''),
  }
  await stand.control('POST', 'rows/savedquery', { id: OTHER_VIEW, values })
  if (statecode !== 0) {
    await stand.control('PATCH', `rows/savedquery/${OTHER_VIEW}`, { values: { statecode } })
  }
}

describe('the view of the subscriptions', () => {
  it('is made with the category and the toggle, and a second time nothing is written', async () => {
    const { stand, facts } = await withView()
    const row = await stand.control(`GET`, ownRow)
    const code = readFacts(facts).subscriptionsTable?.objectTypeCode
    expect(row).toMatchObject({ name: OWN_VIEW.name, querytype: 0, statecode: 0 })
    expect(row['layoutxml']).toContain(`object="${code}"`)
    expect(row['layoutxml']).toMatch(/name="em_category".*name="em_subscribed"/)
    expect(row['fetchxml']).toContain('em_archived')
    await stand.control('DELETE', 'counters')
    expect(await runStep(stand, VIEW, facts)).toEqual(facts)
    expect(await writesMade(stand)).toEqual([])
  })

  it('is found again when its making was answered to nobody', async () => {
    one = await startWithTables()
    const { stand, facts } = one
    await stand.control('POST', 'faults', {
      method: 'POST',
      path: '/savedqueries',
      reset: true,
      execute: true,
      times: 1,
    })
    const after = await runStep(stand, VIEW, facts)
    expect(readFacts(after).view).toEqual({ viewId: OWN_VIEW.viewId, chosen: false })
    expect(readFacts(await runStep(stand, VIEW, facts)).view).toEqual(readFacts(after).view)
  })

  it('pauses when it was deleted since, and is created again only on a retry', async () => {
    const { stand, facts } = await withView()
    await stand.control('DELETE', ownRow)
    const pause = await pauseOf(runStep(stand, VIEW, facts))
    expect(pause).toMatchObject({
      code: 'viewUncertain',
      choices: ['retry', 'useView', 'skip', 'abort'],
      seen: { viewId: OWN_VIEW.viewId },
    })
    expect(pause.seen['views']).toContainEqual(
      expect.objectContaining({ name: expect.stringMatching(/Active/), active: true }),
    )
    const after = await runStep(stand, VIEW, facts, chosen({ action: 'retry' }))
    expect(readFacts(after).view).toEqual({ viewId: OWN_VIEW.viewId, chosen: false })
  })

  it.each([
    ['deactivated', { statecode: 1 }],
    ['locked', { iscustomizable: { Value: false, CanBeChanged: false } }],
  ])('pauses when it is %s, also on a retry', async (word, values) => {
    const { stand, facts } = await withView()
    await stand.control('PATCH', ownRow, { values })
    for (const choice of [null, { action: 'retry' } as const]) {
      const pause = await pauseOf(runStep(stand, VIEW, facts, chosen(choice)))
      expect(pause).toMatchObject({ code: 'viewUncertain', message: expect.stringContaining(word) })
    }
  })

  it('settles for the view that Support names, and never deletes that', async () => {
    const { stand, facts } = await withView()
    await addView(stand, '<attribute name="em_subscribed"/>')
    await stand.control('DELETE', ownRow)
    const useView = chosen({ action: 'useView', viewId: OTHER_VIEW.toUpperCase() })
    const after = await runStep(stand, VIEW, facts, useView)
    expect(readFacts(after).view).toEqual({ viewId: OTHER_VIEW, chosen: true })
    expect(await look(stand, VIEW, after)).toMatchObject({ state: 'done' })
    await VIEW.undo(stand.open(after), PLAIN)
    expect(await stand.control('GET', `rows/savedquery/${OTHER_VIEW}`)).toBeDefined()
  })

  it('pauses again when the named view is of no use', async () => {
    const { stand, facts } = await withView()
    const name = (viewId: string) =>
      pauseOf(runStep(stand, VIEW, facts, chosen({ action: 'useView', viewId })))
    expect((await name('no id')).message).toContain('does not exist')
    expect((await name('00000000-0000-0000-00aa-000010001004')).message).toContain('no public view')
    await addView(stand, '')
    expect((await name(OTHER_VIEW)).message).toContain('does not show em_subscribed')
    await stand.control('DELETE', `rows/savedquery/${OTHER_VIEW}`)
    await addView(stand, '<attribute name="em_subscribed"/>', 1)
    expect((await name(OTHER_VIEW)).message).toContain('deactivated')
  })

  it('reports before anything is there what would be made', async () => {
    const stand = await startStandIn()
    one = { stand, facts: {} }
    expect(await look(stand, VIEW, {})).toMatchObject({
      state: 'due',
      changes: [{ what: expect.stringContaining(OWN_VIEW.name) }],
    })
    expect(await look(stand, VIEW, {}, { ...PLAIN, subscriptionSync: false })).toMatchObject({
      state: 'skipped',
    })
  })

  it('is deleted again, and that it is not there is fine', async () => {
    const { stand, facts } = await withView()
    expect(await VIEW.undo(stand.open(facts), PLAIN)).toEqual({ view: null })
    await expect(stand.control('GET', ownRow)).rejects.toThrow('404')
    expect(await VIEW.undo(stand.open(facts), PLAIN)).toEqual({ view: null })
  })
})
