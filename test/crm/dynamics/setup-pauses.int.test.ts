import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { labelIn } from '../../../src/crm/dynamics/setup/table/bodies.js'
import { look, OWN_STEPS, PLAIN, runSteps, runUpTo, stepOf, targetOf } from './support/run-steps.js'
import { type StandIn, startStandIn } from './support/stand-in.js'
import { webApi } from './support/web-api.js'

let standIn: StandIn

beforeEach(async () => {
  standIn = await startStandIn({ keyActivationReads: 0, grantNewTables: false })
})
afterEach(async () => {
  await standIn.close()
})

const label = labelIn(1033)

function textColumn(name: string, maxLength: number) {
  return {
    '@odata.type': 'Microsoft.Dynamics.CRM.StringAttributeMetadata',
    SchemaName: name,
    MaxLength: maxLength,
    DisplayName: label(name),
  }
}

/** A table that the customer created under one of our names. */
async function customersTable(schemaName: string, nameColumn = 'em_Name') {
  await webApi(standIn, 'POST', 'EntityDefinitions', {
    SchemaName: schemaName,
    DisplayName: label(schemaName),
    DisplayCollectionName: label(schemaName),
    OwnershipType: 'OrganizationOwned',
    Attributes: [{ ...textColumn(nameColumn, 100), IsPrimaryName: true }],
  })
}

/** The pause in which a step ends, both when it is checked and when it is run. */
async function pauseOf(id: string, facts: Record<string, unknown>) {
  const step = stepOf(id)
  const seen = await look(standIn, step, facts)
  const done = await step.do(standIn.open(facts), PLAIN).then(
    () => null,
    (error: unknown) => error,
  )
  expect(done).toMatchObject({ name: 'SetupPaused' })
  expect(seen).toEqual({ state: 'paused', pause: (done as { pause: unknown }).pause })
  return (done as { pause: unknown }).pause
}

describe('set-up pauses', () => {
  it('where the privileges on the new tables were not given, with all of them', async () => {
    const facts = await runUpTo(standIn, 'tablePrivileges')
    const pause = await pauseOf('tablePrivileges', facts)
    expect(pause).toMatchObject({
      code: 'privilegeMissing',
      choices: ['retry', 'skip', 'abort'],
      seen: { userId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    })
    const { missing: names } = (pause as { seen: { missing: string[] } }).seen
    expect(names).toHaveLength(12)
    expect(names).toContain('prvReadem_Subscriptions (organisation)')
    const given = names.map((name) => name.replace(/ .*/, ''))
    await standIn.control('POST', 'switches', { grantPrivileges: given })
    await runSteps(standIn, facts, ['tablePrivileges', 'changeTracking'])
  })

  it('where reading a table is refused although the list of privileges allows it', async () => {
    const facts = await runUpTo(standIn, 'tablePrivileges')
    const all = ['Create', 'Read', 'Write', 'Delete', 'Append', 'AppendTo'].flatMap((verb) =>
      ['em_Subscriptions', 'em_SubscriptionCategories'].map((table) => `prv${verb}${table}`),
    )
    await standIn.control('POST', 'switches', { grantPrivileges: all })
    const refused = { error: { code: '0x80040220', message: 'is missing prvX privilege' } }
    const fault = { method: 'GET', path: 'v9.2/em_subscriptionses', status: 403, body: refused }
    await standIn.control('POST', 'faults', fault)
    expect(await pauseOf('tablePrivileges', facts)).toMatchObject({
      code: 'privilegeMissing',
      seen: { missing: ['prvReadem_Subscriptions'] },
    })
  })

  it('no longer once they are given, but for a moment where a column cannot be read yet', async () => {
    const facts = await runUpTo(standIn, 'tablePrivileges')
    const all = ['Create', 'Read', 'Write', 'Delete', 'Append', 'AppendTo'].flatMap((verb) =>
      ['em_Subscriptions', 'em_SubscriptionCategories'].map((table) => `prv${verb}${table}`),
    )
    await standIn.control('POST', 'switches', { grantPrivileges: all })
    const unknown = { error: { code: '0x80060888', message: 'Could not find a property' } }
    const fault = { method: 'GET', path: 'v9.2/em_subscriptionses', status: 400, body: unknown }
    await standIn.control('POST', 'faults', { ...fault, times: 1 })
    const step = stepOf('tablePrivileges')
    await expect(look(standIn, step, facts)).rejects.toMatchObject({ retryable: true })
    expect(await look(standIn, step, facts)).toEqual({ state: 'done' })
  })

  it.each([
    ['tables', 'prvCreateEntity'],
    ['tables', 'prvCreateAttribute'],
    ['relationships', 'prvCreateRelationship'],
    ['publisher', 'prvCreatePublisher'],
  ])('in the middle of step %s where %s is missing', async (id, privilege) => {
    const facts = await runUpTo(standIn, id)
    await standIn.control('POST', 'switches', { removePrivileges: [privilege] })
    const failure = await runSteps(standIn, facts, [id]).catch((error: unknown) => error)
    expect(failure).toMatchObject({
      name: 'SetupPaused',
      pause: {
        code: 'privilegeMissing',
        choices: ['retry', 'abort'],
        seen: { missing: [privilege], userId: expect.any(String), upstreamCode: '0x80040220' },
      },
    })
    await standIn.control('POST', 'switches', { grantPrivileges: [privilege] })
    await runSteps(standIn, facts, [id])
  })

  it('and so do webhooks', async () => {
    const facts = await runUpTo(standIn, 'publisher')
    await standIn.control('POST', 'switches', { removePrivileges: ['prvCreateServiceEndpoint'] })
    const target = targetOf('https://hooks.example.com/a')
    await expect(standIn.open(facts).installWebhooks(target, {})).rejects.toMatchObject({
      pause: { code: 'privilegeMissing', seen: { missing: ['prvCreateServiceEndpoint'] } },
    })
  })

  it('where a column of our name has another type', async () => {
    await customersTable('em_Subscriptions')
    await webApi(standIn, 'POST', `EntityDefinitions(LogicalName='em_subscriptions')/Attributes`, {
      ...textColumn('em_Subscribed', 10),
    })
    const facts = await runUpTo(standIn, 'tables')
    expect(await pauseOf('tables', facts)).toEqual({
      code: 'columnTypeClash',
      message: expect.stringContaining('em_subscriptions.em_subscribed exists as String(10)'),
      choices: ['retry', 'abort'],
      seen: {
        table: 'em_subscriptions',
        column: 'em_subscribed',
        found: 'String(10)',
        needed: 'Boolean',
      },
    })
  })

  it('where a text is too short, a table is another one, a lookup or a key leads elsewhere', async () => {
    await customersTable('em_SubscriptionCategories')
    const categories = `EntityDefinitions(LogicalName='em_subscriptioncategories')`
    const short = `${categories}/Attributes`
    await webApi(standIn, 'POST', short, textColumn('em_CategoryId', 20))
    const facts = await runUpTo(standIn, 'tables')
    expect(await pauseOf('tables', facts)).toMatchObject({
      seen: { column: 'em_categoryid', found: 'String(20)', needed: 'String(100)' },
    })
    await webApi(standIn, 'POST', `${categories}/Keys`, {
      SchemaName: 'em_CategoryIdKey',
      KeyAttributes: ['em_name'],
      DisplayName: label('Key'),
    })
    expect(await look(standIn, stepOf('keys'), facts)).toMatchObject({
      pause: { seen: { found: 'a key of em_name', needed: 'a key of em_categoryid' } },
    })
    await customersTable('em_Subscriptions', 'em_Title')
    await webApi(standIn, 'DELETE', categories)
    expect(await pauseOf('tables', facts)).toMatchObject({
      seen: { table: 'em_subscriptions', column: null, found: expect.stringContaining('em_title') },
    })
    const columns = `EntityDefinitions(LogicalName='em_subscriptions')/Attributes`
    await webApi(standIn, 'POST', columns, textColumn('em_Contact', 20))
    expect(await look(standIn, stepOf('relationships'), facts)).toMatchObject({
      pause: { seen: { column: 'em_contact', found: 'String', needed: 'Lookup to contact' } },
    })
  })

  it.each([
    [
      'the secret was changed',
      {
        secret: { clientId: '0f8c1a52-7e0b-4d7f-9c55-1f2d3c4b5a69', secret: 'new' },
        revokeTokens: true,
      },
      'invalid_client',
    ],
    [
      'the application user is gone',
      { removeApplicationUser: '0f8c1a52-7e0b-4d7f-9c55-1f2d3c4b5a69' },
      '0x80072560',
    ],
  ])('where %s', async (_what, switches, upstreamCode) => {
    await standIn.control('POST', 'switches', switches)
    const connect = OWN_STEPS[0]!
    await expect(connect.verify(standIn.open(), PLAIN)).rejects.toMatchObject({
      name: 'SetupPaused',
      pause: { code: 'authFailed', choices: ['retry', 'abort'], seen: { upstreamCode } },
    })
  })

  it('where another organisation answers at the address', async () => {
    const facts = await runSteps(standIn, {}, ['connect'])
    const organization = { ...(facts['organization'] as object), organizationId: 'another' }
    await expect(look(standIn, stepOf('connect'), { organization })).rejects.toMatchObject({
      pause: { code: 'authFailed', seen: { upstreamCode: 'wrong_organization' } },
    })
  })
})
