import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import type { SetupStatus } from '../../src/contracts/setup.js'
import { plain } from '../../src/cli/terminal-text.js'
import { choiceLines } from '../../src/cli/setup/pause-lines.js'
import type { PreSendRequest } from '../../src/contracts/pre-send.js'
import { QUEUES, workflowIds } from '../../src/contracts/names.js'
import type { CrmDriver } from '../../src/crm/crm.js'
import { CRM_DRIVERS } from '../../src/crm/registry.js'
import type { LegalBasis } from '../../src/domain/legal-basis.js'
import { provisionTimeoutMs } from '../support/ask-broker.js'
import { withDatabase } from '../support/with-database.js'
import { withTemporal } from '../support/with-temporal.js'
import { override, stepIn, untilStatus } from '../workflows/support/setup-runs.js'
import { ToyCrm } from './toy-crm.js'
import { toyDriver } from './toy-driver.js'
import { ACCOUNT_ID, startProduct, type WholeProduct } from './whole-product.js'

Runtime.install({ logger: new DefaultLogger('ERROR') })

const connectionId = 'third'
const crm = new ToyCrm()
crm.colours.push('red', 'blue')
const driver = toyDriver(new Map([['one', crm]])) as CrmDriver
// Outside, so that the workers end before their connection.
const database = withDatabase()
const temporal = withTemporal()
/** By name: eMarketeer's contact id and the CRM's person id. */
const people = new Map<string, { readonly contactId: string; readonly personId: string }>()

const FIRST = [
  ['ann', 'consent', 'none'],
  ['bo', 'consent', 'withdrawn'],
  ['cy', 'consent', 'consent'],
  ['di', 'legitimateInterest', 'legitimateInterest'],
  ['eve', 'withdrawn', 'none'],
] as const

describe('a third CRM, in a folder of its own and a line in the registry', () => {
  let product: WholeProduct

  beforeAll(async () => {
    product = await startProduct(database.url, temporal, driver)
    for (const [name, basis, row] of FIRST) {
      const email = `${name}@third.example`
      const { contactId } = await product.emarketeer.post<{ contactId: string }>(
        `accounts/${ACCOUNT_ID}/contacts`,
        { email },
      )
      await actsInEmarketeer(contactId, basis)
      const { id } = crm.add([email], row === 'none' ? {} : { marketingSendouts: row })
      people.set(name, { contactId, personId: id })
    }
    await product.apply({
      connectionId,
      accountId: ACCOUNT_ID,
      crm: driver.crm,
      legalBasisSync: true,
      toy: { installation: 'one' },
    })
  }, provisionTimeoutMs)
  afterAll(() => product?.close())

  function actsInEmarketeer(contactId: string, legalBasis: LegalBasis): Promise<unknown> {
    const act = { kind: 'consent', purpose: 'marketingSendouts', legalBasis, contactId }
    return product.emarketeer.post(`accounts/${ACCOUNT_ID}/acts`, { acts: [act] })
  }

  /** Both sides, read without the product: eMarketeer's value and the CRM's. */
  async function truth(name: string): Promise<string> {
    const { contactId, personId } = people.get(name)!
    const lines = await product.emarketeer.lines<DumpLine>(`accounts/${ACCOUNT_ID}/dump`)
    const line = lines.find((one) => one.contactId === contactId)
    return `${line?.consents['marketingSendouts']?.value} ${crm.value(personId)}`
  }

  /** Waits until it holds. The process under test does not report it outside. */
  async function until(holds: () => Promise<boolean>): Promise<void> {
    while (!(await holds())) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  function preSend(stage: PreSendRequest['stage']) {
    const contactIds = [...people.values()].map((one) => one.contactId)
    const asked = { connectionId, sendoutId: 'toy-news', stage, contactIds } as const
    return product.campaigns.preSend({
      ...asked,
      channel: 'email',
      categoryId: null,
      transactional: false,
    })
  }

  it('is not part of the product', () => {
    expect(CRM_DRIVERS.has(driver.crm)).toBe(false)
  })

  it('is set up by the workflow, and everybody is brought in step', async () => {
    const handle = await temporal.client.workflow.start(driver.setupWorkflow, {
      workflowId: workflowIds.setup(connectionId),
      taskQueue: QUEUES.setup,
      args: [{ connectionId }],
    })
    const waiting = await untilStatus(handle, ({ phase }) => phase === 'paused')
    const pause = stepIn(waiting, 'colour').pause!
    expect(pause).toMatchObject({
      code: 'colourUncertain',
      choices: ['useColour', 'retry', 'skip', 'abort'],
    })
    const lines = choiceLines({ connectionId, stepId: 'colour', pause }, plain).join('\n')
    expect(lines).toContain('useColour: write in this colour')
    expect(lines).toContain("--action useColour --value 'colour=blue' --by")
    expect(lines).toContain('you confirm that rows of ours need no colour')
    const decide = (values: object) =>
      handle.executeUpdate('override', {
        args: [override('colour', 'useColour', values)],
      })
    await expect(decide({})).rejects.toMatchObject({
      cause: { message: expect.stringContaining('colour is missing: useColour needs it') },
    })
    await decide({ colour: 'blue' })
    const status = (await handle.result()) as SetupStatus
    expect(crm.colour).toBe('blue')
    expect(status.steps.map(({ id, state }) => [id, state])).toEqual([
      ['source', 'done'],
      ['colour', 'done'],
      ['measureInsert', 'done'],
      ['webhooks', 'done'],
      ['firstSync', 'done'],
      ['sweep', 'done'],
    ])
    expect(status.result).toBe('done')
    expect([...crm.sources]).toEqual(['eMarketeer'])
    expect(await Promise.all([...people.keys()].map(truth))).toEqual([
      'consent consent',
      'withdrawn withdrawn',
      'consent consent',
      'legitimateInterest legitimateInterest',
      'withdrawn withdrawn',
    ])
  })

  it('posts webhooks, and receives webhooks', async () => {
    crm.set(people.get('cy')!.personId, 'marketingSendouts', 'withdrawn')
    await until(async () => (await truth('cy')) === 'withdrawn withdrawn')
    await actsInEmarketeer(people.get('di')!.contactId, 'withdrawn')
    await until(async () => (await truth('di')) === 'withdrawn withdrawn')
  })

  it('is swept, should no webhook come', async () => {
    crm.post.postTo(null)
    crm.set(people.get('di')!.personId, 'marketingSendouts', 'consent')
    await temporal.client.workflow.execute('sweepRun', {
      workflowId: workflowIds.sweepRun(connectionId),
      taskQueue: QUEUES.sweep,
      args: [{ connectionId }],
    })
    expect(await truth('di')).toBe('consent consent')
  })

  it('is asked before a sendout, and nobody who left is on the list', async () => {
    const checked = await preSend('checklist')
    expect(checked).toMatchObject({ crm: 'toy', targeted: 5, eligible: 2, mailingList: null })
    crm.set(people.get('ann')!.personId, 'marketingSendouts', 'withdrawn')
    const sent = await preSend('send')
    expect(sent).toMatchObject({ outcome: 'decided', complete: true, targeted: 5, eligible: 1 })
    expect(sent.excluded.consentWithdrawn).toBe(4)
    expect(await truth('ann')).toBe('withdrawn withdrawn')
    const listed: string[] = []
    for await (const entry of product.campaigns.mailingList('toy-news', ACCOUNT_ID)) {
      listed.push(entry.contactId)
    }
    expect(listed).toEqual([people.get('di')!.contactId])
  })
})

interface DumpLine {
  readonly contactId: string | null
  readonly consents: Readonly<Record<string, { readonly value: string }>>
}
