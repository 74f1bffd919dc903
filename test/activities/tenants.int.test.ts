import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import fc from 'fast-check'
import { createPreSendActivities } from '../../src/activities/pre-send-activities.js'
import { storeConnection } from '../../src/app/connection/store-connection.js'
import type { ConnectionFile } from '../../src/config/connection/connection-file.js'
import type { PreSendRequest, PreSendResult } from '../../src/contracts/pre-send.js'
import type { OpenedSendout } from '../../src/contracts/sync-activities.js'
import { disableConnection } from '../../src/ledger/connection/connection-life.js'
import { findConnection } from '../../src/ledger/connection/connections.js'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import { membersAt, saveMembers, saveVerdicts } from '../../src/ledger/sendout/sendout-members.js'
import { findSendoutRun, saveAudience } from '../../src/ledger/sendout/sendouts.js'
import { findListRun } from '../../src/sync/sendout/mailing-list.js'
import type { Systems } from '../../src/connection/systems.js'
import { withDatabase } from '../support/with-database.js'

// These tests produce refusals.
Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) })

const database = withDatabase()
const environment = new MockActivityEnvironment()
let db: Database
let activities: ReturnType<typeof createPreSendActivities>

beforeAll(() => {
  db = openDatabase(database.url)
  const emarketeerOf = () => ({ account: () => Promise.resolve({}) })
  activities = createPreSendActivities({ db, emarketeerOf } as unknown as Systems)
})
afterAll(() => db.close())

/** A change of connections: a file is applied, or a connection is disabled. */
type Change = { readonly does: 'apply' | 'disable'; readonly id: number; readonly account: number }

/** A request for a sendout, by an account or by any existing id, while connections change. */
interface Send {
  readonly does: 'send'
  readonly by: 'account' | 'id'
  readonly id: number
  readonly account: number
  readonly sendout: number
  readonly beforeItBegins: readonly Change[]
  readonly underWay: readonly Change[]
}

interface Read {
  readonly does: 'read'
  readonly account: number
  readonly sendout: number
}

const ACCOUNTS = 3
/** Four that files name, and the rows of the three accounts without a CRM, which anybody may try to name. */
const IDS = 4 + ACCOUNTS
const pick = (count: number) => fc.nat({ max: count - 1 })

const change: fc.Arbitrary<Change> = fc.record({
  does: fc.constantFrom('apply', 'disable'),
  id: pick(IDS),
  account: pick(ACCOUNTS),
})
const step: fc.Arbitrary<Change | Send | Read> = fc.oneof(
  change,
  fc.record({
    does: fc.constant('send'),
    by: fc.constantFrom('account', 'id'),
    id: pick(IDS),
    account: pick(ACCOUNTS),
    sendout: pick(2),
    beforeItBegins: fc.array(change, { maxLength: 2 }),
    underWay: fc.array(change, { maxLength: 1 }),
  }),
  fc.record({
    does: fc.constant('read'),
    account: pick(ACCOUNTS),
    sendout: pick(2),
  }),
)

/**
 * The rules in simple form: the owner of each id, the connection of each account, and the connection of each sendout.
 */
class Tenants {
  readonly owner = new Map<string, string>()
  readonly live = new Map<string, string>()
  /** By account: how often a CRM was connected when none was. A CRM that is connected again may know other Nos. */
  readonly connected = new Map<string, number>()
  /** By account and sendout: the run, and the connection on which it began; null: eMarketeer alone. */
  readonly sent = new Map<string, { readonly run: string; readonly by: string | null }>()

  constructor(private readonly world: number) {}

  account(index: number): string {
    return `${this.world}-${index}`
  }

  id(index: number): string {
    return index < 4 ? `t${this.world}-${index}` : `account-${this.account(index - 4)}`
  }

  sendout(index: number): string {
    return `snd_${this.world}_${index}`
  }

  async change({ does, id: index, account: at }: Change): Promise<void> {
    const [id, account] = [this.id(index), this.account(at)]
    if (does === 'disable') {
      const why = { interventionId: randomUUID(), connectionId: id, reason: 'r', by: 'Kari' }
      const known = this.owner.has(id)
      const work = db.transaction((tx) => disableConnection(tx, why, false))
      await (known ? work : expect(work).rejects.toMatchObject({ code: 'connection_not_found' }))
      const of = this.owner.get(id)
      if (of !== undefined && this.live.get(of) === id) {
        this.live.delete(of)
      }
      return
    }
    const mayBe =
      index < 4 &&
      (this.owner.get(id) ?? account) === account &&
      (this.live.get(account) ?? id) === id
    const applied = storeConnection(db, fileOf(id, account), {} as never)
    if (mayBe) {
      await applied
      this.owner.set(id, account)
      if (!this.live.has(account)) {
        this.connected.set(account, (this.connected.get(account) ?? 0) + 1)
      }
      this.live.set(account, id)
    } else {
      await expect(applied).rejects.toMatchObject({ name: 'AppError' })
    }
  }

  async send({ by, id: index, account: at, sendout, ...changes }: Send): Promise<void> {
    const who = by === 'id' ? { connectionId: this.id(index) } : { accountId: this.account(at) }
    const account = who.accountId ?? this.owner.get(who.connectionId)
    const request: PreSendRequest = {
      ...who,
      sendoutId: this.sendout(sendout),
      campaignId: '1',
      componentId: '2',
      stage: 'send',
    }
    const checked = environment.run(activities.checkPreSend, { request })
    if (account === undefined) {
      await expect(checked).rejects.toMatchObject({ type: 'connection_not_found' })
      return
    }
    const { accountId } = (await checked) as { accountId: string }
    expect(accountId).toBe(account)
    for (const one of changes.beforeItBegins) {
      await this.change(one)
    }
    const sendoutRunId = randomUUID()
    const opened = (await environment.run(activities.openSendout, {
      request,
      accountId,
      sendoutRunId,
      deadlineMs: Date.now() + 60_000,
    })) as OpenedSendout
    await this.expectDecidedBy(account, opened)
    const begunOn = this.connectionOf(account)
    for (const one of changes.underWay) {
      await this.change(one)
    }
    const result = await decide(sendoutRunId, account)
    const isLeft = this.isLeft(account, begunOn)
    expect(result).toMatchObject({ complete: !isLeft, eligible: isLeft ? 0 : 1 })
    this.sent.set(`${account} ${request.sendoutId}`, { run: sendoutRunId, by: begunOn })
  }

  /** eMarketeer alone if the account has no connection, otherwise that connection; always the account's own. */
  async expectDecidedBy(account: string, { sendoutRunId, connectionId }: OpenedSendout) {
    const run = await findSendoutRun(db, sendoutRunId)
    expect(run).toMatchObject({ accountId: account, connectionId })
    const connection = await findConnection(db, connectionId)
    const live = this.live.get(account)
    expect(connection).toMatchObject(
      live === undefined
        ? { accountId: account, crm: 'none', state: 'implicit' }
        : { accountId: account, crm: 'dynamics', connectionId: live },
    )
  }

  /** The account's connection, and how often it was connected; null: none. */
  connectionOf(account: string): string | null {
    const live = this.live.get(account)
    return live === undefined ? null : `${live}, time ${this.connected.get(account)}`
  }

  /** The account has another connection than the one that decided, or has connected that one again. */
  isLeft(account: string, by: string | null): boolean {
    const now = this.connectionOf(account)
    return now !== null && now !== by
  }

  async read({ account: at, sendout: index }: Read): Promise<void> {
    const sendoutId = this.sendout(index)
    const account = this.account(at)
    const list = findListRun(db, { sendoutId, accountId: account })
    const sent = this.sent.get(`${account} ${sendoutId}`)
    if (sent === undefined) {
      await expect(list).rejects.toMatchObject({ code: 'sendout_not_found' })
      return
    }
    const { run, by } = sent
    if (this.isLeft(account, by)) {
      await expect(list).rejects.toMatchObject({ code: 'crm_changed' })
      return
    }
    expect(await list).toMatchObject({ sendoutRunId: run, accountId: account })
    const members = await membersAt(db, run, [0, 1])
    expect(members.map(({ contactId }) => contactId)).toEqual([`${account}-contact`])
  }
}

function fileOf(connectionId: string, accountId: string): ConnectionFile {
  return {
    connectionId,
    accountId,
    crm: 'dynamics',
    legalBasisSync: true,
    subscriptionSync: false,
    createMissing: 'none',
    newlyMailableLimit: 100,
    subscriptionRowsPerDay: 20_000,
    sectionName: 'dynamics',
    section: {},
    secrets: {},
  }
}

/** One of the account's people is targeted, and eligible. */
async function decide(sendoutRunId: string, account: string): Promise<PreSendResult> {
  const member = { contactId: `${account}-contact`, email: null, mobile: null, addressId: null }
  await saveMembers(db, sendoutRunId, [{ ...member, position: 0 }])
  await saveAudience(db, sendoutRunId, {
    channel: 'email',
    categoryId: null,
    transactional: false,
    audienceId: null,
    targeted: 1,
  })
  await saveVerdicts(db, sendoutRunId, [{ position: 0, verdict: 'eligible' }])
  return environment.run(activities.closeSendout, {
    sendoutRunId,
    proof: 'delta' as const,
    onUnverified: 'exclude' as const,
    aborted: false,
    problems: [],
  }) as Promise<PreSendResult>
}

let worlds = 0

describe('accounts with any history of connections, and callers with any id', () => {
  it('have lists of their own people alone, by the connection that they have, and never by eMarketeer alone beside one', async () => {
    const life = fc.array(step, { minLength: 8, maxLength: 24 })
    await fc.assert(
      fc.asyncProperty(life, async (steps) => {
        const tenants = new Tenants(++worlds)
        for (const one of steps) {
          await (one.does === 'send'
            ? tenants.send(one)
            : one.does === 'read'
              ? tenants.read(one)
              : tenants.change(one))
        }
        // After all changes, everything that may be read is read again.
        for (const account of [0, 1, 2]) {
          await tenants.read({ does: 'read', account, sendout: 0 })
        }
      }),
      { numRuns: 40 },
    )
  }, 120_000)
})
