import { afterEach, describe, expect, it } from '@jest/globals'
import { type CrmFacts, SetupPaused } from '../../../src/crm/crm.js'
import { dynamicsDriver } from '../../../src/crm/dynamics/driver.js'
import { formWithTab, putForm, STOCK_FORM } from './setup-form/forms-stand.js'
import { look, runUpTo, writesMade } from './support/run-steps.js'
import { type StandIn, startStandIn } from './support/stand-in.js'
import { installation, type Memory, removeAll, setUpAll } from './support/whole-setup.js'

let stand: StandIn

afterEach(() => stand.close())

/** Checks every step, as a preview does. @returns the result of each. */
async function lookAtAll(facts: CrmFacts): Promise<string[]> {
  const seen: string[] = []
  for (const step of dynamicsDriver.setupSteps) {
    try {
      seen.push((await look(stand, step, facts)).state)
    } catch (error) {
      expect(error).toBeInstanceOf(SetupPaused)
      seen.push('paused')
    }
  }
  return seen
}

async function installed(): Promise<CrmFacts> {
  const memory: Memory = { facts: {} }
  await setUpAll(stand, memory)
  return memory.facts
}

const REFUSED = { error: { code: '0x80040220', message: 'is missing prvReadX privilege' } }

describe('a look at every step', () => {
  it.each<[string, () => Promise<CrmFacts>, string]>([
    ['that nobody has touched', async () => ({}), 'due'],
    ['that is half installed', () => runUpTo(stand, 'keys'), 'due'],
    [
      'that is half installed, and all is forgotten',
      async () => (await runUpTo(stand, 'keys'), {}),
      'due',
    ],
    ['that is installed', installed, 'done'],
    ['that is installed, and all is forgotten', async () => (await installed(), {}), 'done'],
    [
      'whose form is customised',
      async () => {
        await putForm(stand, STOCK_FORM, { formxml: formWithTab('OWN_TAB', 'Our own') })
        return {}
      },
      'paused',
    ],
    [
      'where we may read next to nothing',
      async () => {
        const path = '(EntityDefinitions|solutions|publishers|systemforms|savedqueries)'
        await stand.control('POST', 'faults', { path, status: 403, body: REFUSED })
        return {}
      },
      'paused',
    ],
  ])('changes nothing in an organisation %s', async (_, prepare, state) => {
    stand = await startStandIn({ keyActivationReads: 0, contactChangeTracking: false })
    const facts = await prepare()
    const before = await installation(stand)
    await stand.control('DELETE', 'counters')
    expect(await lookAtAll(facts)).toContain(state)
    expect(await writesMade(stand)).toEqual([])
    expect(await installation(stand)).toEqual(before)
  })
})

describe('an organisation that reports less', () => {
  it('is set up and cleared all the same', async () => {
    stand = await startStandIn({ keyActivationReads: 0 })
    const before = await installation(stand)
    const gone = { status: 404, body: { error: { code: '0x80060888', message: 'not found' } } }
    await stand.control('POST', 'faults', { path: '/solutioncomponents', ...gone })
    await stand.control('POST', 'faults', { path: '/customcontrols', ...gone })
    await stand.control('POST', 'faults', { path: '/sdkmessageprocessingstepimages', ...gone })
    const noDelete = { path: 'sdkmessagefilters.*Delete', status: 200, body: { value: [] } }
    await stand.control('POST', 'faults', noDelete)
    const memory: Memory = { facts: {} }
    await setUpAll(stand, memory)
    expect(await lookAtAll(memory.facts)).not.toContain('due')
    expect(memory.facts).toMatchObject({
      subscriptionsTable: { ours: true },
      categoriesTable: { ours: true },
      webhook: { stepIds: { length: 4 } },
    })
    await removeAll(stand, memory)
    expect(await installation(stand)).toEqual(before)
  })
})
