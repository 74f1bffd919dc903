import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { CrmFacts } from '../../../src/crm/crm.js'
import { readFacts } from '../../../src/crm/dynamics/facts.js'
import { labelIn } from '../../../src/crm/dynamics/setup/table/bodies.js'
import { runSteps, stepOf, undoSteps } from './support/run-steps.js'
import { type StandIn, startStandIn } from './support/stand-in.js'
import { webApi } from './support/web-api.js'
import { installation } from './support/whole-setup.js'

let standIn: StandIn

beforeEach(async () => {
  standIn = await startStandIn({ keyActivationReads: 0 })
})
afterEach(async () => {
  await standIn.close()
})

const label = labelIn(1033)

async function tableNames(): Promise<string[]> {
  const { tables } = (await installation(standIn)) as { tables: { name: string }[] }
  return tables.map(({ name }) => name)
}

/** A table of the customer's under the name of ours, with only a name column. */
async function customersTable() {
  await webApi(standIn, 'POST', 'EntityDefinitions', {
    SchemaName: 'em_Subscriptions',
    DisplayName: label('Mine'),
    DisplayCollectionName: label('Mine'),
    OwnershipType: 'OrganizationOwned',
    ChangeTrackingEnabled: true,
    Attributes: [
      {
        '@odata.type': 'Microsoft.Dynamics.CRM.StringAttributeMetadata',
        SchemaName: 'em_Name',
        MaxLength: 100,
        IsPrimaryName: true,
        DisplayName: label('Name'),
      },
    ],
  })
}

describe('undoing set-up', () => {
  it('leaves a table that was there before us as it was', async () => {
    await customersTable()
    const before = await installation(standIn)
    const facts = await runSteps(standIn)
    expect(readFacts(facts).subscriptionsTable?.ours).toBe(false)
    expect(readFacts(facts).categoriesTable?.ours).toBe(true)
    await undoSteps(standIn, facts)
    expect(await installation(standIn)).toEqual(before)
  })

  it('leaves such a table also where nothing is remembered and our solution is gone', async () => {
    await customersTable()
    const facts = await runSteps(standIn)
    const { rows } = await standIn.control<{ rows: { id: string }[] }>('GET', 'rows/solution')
    await standIn.control('DELETE', `rows/solution/${rows[0]?.id ?? ''}`)
    await undoSteps(standIn, {}, [stepOf('tables')])
    expect(await tableNames()).toContain('em_subscriptions')
    const remembered: CrmFacts = { subscriptionsTable: facts['subscriptionsTable'] }
    await undoSteps(standIn, remembered, [stepOf('tables')])
    expect(await tableNames()).toContain('em_subscriptions')
  })

  it('removes what is remembered as ours where our solution is gone', async () => {
    const facts = await runSteps(standIn)
    const { rows } = await standIn.control<{ rows: { id: string }[] }>('GET', 'rows/solution')
    await standIn.control('DELETE', `rows/solution/${rows[0]?.id ?? ''}`)
    await undoSteps(standIn, facts)
    expect(await tableNames()).toEqual(['contact'])
  })

  it('pauses with the names of what of the customer uses our table, and goes on after', async () => {
    const facts = await runSteps(standIn)
    const own = `<control id="grid" classid="{E7A81278-8635-4D9E-8D4D-59480B391C5B}"><parameters><TargetEntityType>em_subscriptioncategories</TargetEntityType></parameters></control>`
    const { id } = await standIn.control<{ id: string }>('POST', 'rows/systemform', {
      values: {
        name: 'Our own dashboard',
        objecttypecode: 'account',
        type: 2,
        formxml: `<form><tabs><tab><columns><column><sections><section><rows><row><cell>${own}</cell></row></rows></section></sections></column></columns></tab></tabs></form>`,
      },
    })
    const failure = await undoSteps(standIn, facts).catch((error: unknown) => error)
    expect(failure).toMatchObject({
      name: 'SetupPaused',
      pause: {
        code: 'stepFailed',
        message: expect.stringContaining('used by form Our own dashboard'),
        choices: ['retry', 'abort'],
        seen: { dependents: [{ kind: 'form', id, name: 'Our own dashboard' }] },
      },
    })
    await standIn.control('DELETE', `rows/systemform/${id}`)
    await undoSteps(standIn, facts)
    expect(await tableNames()).toEqual(['contact'])
  })

  it('leaves the publisher that the customer has a solution of, and a solution with more in it', async () => {
    const facts = await runSteps(standIn)
    const { publisherId } = readFacts(facts)
    const own = { uniquename: 'customers', friendlyname: 'Own', version: '1.0.0.0' }
    await standIn.control('POST', 'rows/solution', {
      values: { ...own, publisherid: publisherId },
    })
    await undoSteps(standIn, facts)
    expect(await installation(standIn)).toMatchObject({
      publishers: [{ name: 'emarketeer' }],
      solutions: [{ name: 'customers' }],
    })
    const again = await runSteps(standIn)
    const mine = {
      objectid: publisherId,
      componenttype: 61,
      solutionid: readFacts(again).solutionId,
    }
    await standIn.control('POST', 'rows/solutioncomponent', { values: mine })
    await undoSteps(standIn, again)
    expect(await installation(standIn)).toMatchObject({
      solutions: [{ name: 'customers' }, { name: 'emarketeersync' }],
    })
  })

  it('needs the right to delete, and says so', async () => {
    const facts = await runSteps(standIn)
    await standIn.control('POST', 'switches', { removePrivileges: ['prvDeleteEntity'] })
    await expect(undoSteps(standIn, facts)).rejects.toMatchObject({
      pause: { code: 'privilegeMissing', seen: { missing: ['prvDeleteEntity'] } },
    })
  })
})
