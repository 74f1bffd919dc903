import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import type { SetupStatus } from '../../src/contracts/setup.js'
import { plain } from '../../src/cli/terminal-text.js'
import { choiceLines } from '../../src/cli/setup/pause-lines.js'
import type { PreSendRequest } from '../../src/contracts/pre-send.js'
import { QUEUES, workflowIds } from '../../src/contracts/names.js'
import { noticeSentences, noticesOf } from '../../src/connection/notices.js'
import { requireDriver, type CrmDriver } from '../../src/crm/crm.js'
import { CRM_DRIVERS } from '../../src/crm/registry.js'
import type { LegalBasis } from '../../src/domain/legal-basis.js'
import { tenantBasis } from '../../src/domain/tenant-basis.js'
import { findConnection } from '../../src/ledger/connection/connections.js'
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

const BASES_MAPPED = { installation: 'one', bases: { CLUB: 'contract' } }

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
    return `${(await inEmarketeer(name))?.value} ${crm.value(people.get(name)!.personId)}`
  }

  async function inEmarketeer(name: string): Promise<DumpedConsent | undefined> {
    const { contactId } = people.get(name)!
    const lines = await product.emarketeer.lines<DumpLine>(`accounts/${ACCOUNT_ID}/dump`)
    return lines.find((one) => one.contactId === contactId)?.consents['marketingSendouts']
  }

  function sweep(): Promise<unknown> {
    return temporal.client.workflow.execute('sweepRun', {
      workflowId: workflowIds.sweepRun(connectionId),
      taskQueue: QUEUES.sweep,
      args: [{ connectionId }],
    })
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

  it('is not part of the product, which names those that are', () => {
    const known = [...CRM_DRIVERS.keys()].join(', ')
    expect(() => requireDriver(CRM_DRIVERS, driver.crm)).toThrow(`It connects to ${known}.`)
    const more = new Map([...CRM_DRIVERS, [driver.crm, driver]])
    expect(() => requireDriver(more, 'other')).toThrow(`${known}, toy.`)
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

  it('is named by its own word in eMarketeer', async () => {
    expect(await inEmarketeer('bo')).toMatchObject({ value: 'withdrawn', source: 'crmToy' })
  })

  it('is swept, should no webhook come', async () => {
    crm.post.postTo(null)
    crm.set(people.get('di')!.personId, 'marketingSendouts', 'consent')
    await sweep()
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

  it("is told by its own key where the file maps the tenant's bases", async () => {
    crm.set(people.get('di')!.personId, 'marketingSendouts', tenantBasis('CLUB'))
    await sweep()
    const stored = (await findConnection(product.db, connectionId))!
    const [sentence] = noticeSentences(await noticesOf(product.db, stored, driver))
    expect(sentence).toContain('toy.bases does not map')
    expect(sentence).toContain('CLUB')
    const mapped = { ...stored, config: { ...stored.config, section: BASES_MAPPED } }
    expect(noticeSentences(await noticesOf(product.db, mapped, driver))).toEqual([])
  })
})

interface DumpLine {
  readonly contactId: string | null
  readonly consents: Readonly<Record<string, DumpedConsent>>
}

interface DumpedConsent {
  readonly value: string
  readonly source?: string
}
