import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import type { PreSendRequest } from '../../src/contracts/pre-send.js'
import type { CrmDriver } from '../../src/crm/crm.js'
import { disableConnection } from '../../src/ledger/connection/connection-life.js'
import { provisionTimeoutMs } from '../support/ask-broker.js'
import { withDatabase } from '../support/with-database.js'
import { withTemporal } from '../support/with-temporal.js'
import { ToyCrm } from './toy-crm.js'
import { toyDriver } from './toy-driver.js'
import { ACCOUNT_ID, startProduct, type WholeProduct } from './whole-product.js'

Runtime.install({ logger: new DefaultLogger('ERROR') })

const crm = new ToyCrm()
const driver = toyDriver(new Map([['one', crm]])) as CrmDriver
// Outside, so that the workers end before their connection.
const database = withDatabase()
const temporal = withTemporal()

const CONSENT = { kind: 'consent', purpose: 'marketingSendouts', legalBasis: 'consent' }
const DAY_MS = 86_400_000
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString()

describe('an account that changes its CRM', () => {
  let product: WholeProduct
  let ask: Omit<PreSendRequest, 'sendoutId'>
  let consents: () => Promise<unknown>

  const apply = (connectionId: string) =>
    product.apply({
      connectionId,
      accountId: ACCOUNT_ID,
      crm: driver.crm,
      legalBasisSync: true,
      toy: { installation: 'one' },
    })

  const disable = (connectionId: string) => {
    const why = { interventionId: randomUUID(), connectionId, reason: 'another CRM', by: 'Kari' }
    return product.db.transaction((tx) => disableConnection(tx, why, false))
  }

  /** Starts one for tomorrow, and waits until its account is known. */
  async function scheduled(sendoutId: string, who: Pick<PreSendRequest, 'connectionId'>) {
    const startAt = inMs(DAY_MS)
    const handle = await product.campaigns.startPreSend({ ...ask, ...who, sendoutId, startAt })
    const told = temporal.client.workflow.getHandle(handle.workflowId)
    while ((await told.describe()).searchAttributes['Crm'] === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    return handle
  }

  /** Consent in eMarketeer, and an opt-out in the CRM that nobody has read yet. */
  beforeAll(async () => {
    product = await startProduct(database.url, temporal, driver)
    const email = 'ann@third.example'
    const path = `accounts/${ACCOUNT_ID}`
    const { contactId } = await product.emarketeer.post<{ contactId: string }>(`${path}/contacts`, {
      email,
    })
    consents = () => product.emarketeer.post(`${path}/acts`, { acts: [{ ...CONSENT, contactId }] })
    await consents()
    crm.add([email], { marketingSendouts: 'withdrawn' })
    ask = {
      stage: 'send',
      contactIds: [contactId],
      channel: 'email',
      categoryId: null,
      transactional: false,
    }
  }, provisionTimeoutMs)
  afterAll(() => product?.close())

  it('has its scheduled sendout decided by the CRM that it has at the start', async () => {
    await apply('former')
    const handle = await scheduled('scheduled', { connectionId: 'former' })
    await disable('former')
    await apply('present')
    await handle.reschedule(inMs(0), inMs(60_000))
    expect(await handle.result()).toMatchObject({ crm: 'toy', targeted: 1, eligible: 0 })
  })

  it.each([
    ['an id of former days', { connectionId: 'former' }],
    ['its account', { accountId: ACCOUNT_ID }],
  ])('is asked about by %s: the CRM that it has decides', async (what, who) => {
    const sendoutId = what.replaceAll(' ', '-')
    const result = await product.campaigns.preSend({ ...ask, ...who, sendoutId })
    expect(result).toMatchObject({ crm: 'toy', targeted: 1, eligible: 0 })
  })

  it('is not asked about by the row that stood for it while it had none', async () => {
    await disable('present')
    await consents()
    const alone = await product.campaigns.preSend({
      ...ask,
      accountId: ACCOUNT_ID,
      sendoutId: 'alone',
    })
    // C8: no CRM is connected, and eMarketeer's own state decides.
    expect(alone).toMatchObject({ crm: 'none', complete: true, eligible: 1 })
    await apply('present')
    const byRow = { ...ask, connectionId: `account-${ACCOUNT_ID}`, sendoutId: 'by-row' }
    await expect(product.campaigns.preSend(byRow)).rejects.toMatchObject({
      code: 'connection_not_found',
    })
    // A list that was decided without the CRM cannot be read while the CRM is connected.
    const reading = product.campaigns
      .mailingList('alone', ACCOUNT_ID)
      [Symbol.asyncIterator]()
      .next()
    await expect(reading).rejects.toMatchObject({ code: 'crm_changed' })
  })
})
