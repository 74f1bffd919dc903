import { createClock } from '../common/clock.js'
import { FaultBoard } from '../common/faults.js'
import { addStandardLists } from './model/standard-lists.js'
import { Store } from './model/store.js'
import { WriteLog } from './model/write-log.js'
import { type FilledOptions, startingSwitches } from './options.js'
import { RequestCounts } from './server/request-counts.js'
import type { Switches } from './switches.js'
import { WebhookBook } from './webhooks/webhook-book.js'
import { WebhookSender } from './webhooks/sender.js'

/** States of a tenant (wire page, section 1.1). */
export const TENANT_STATES = [
  'Unknown',
  'Provisioning',
  'Running',
  'Deleted',
  'Suspended',
  'OnlineMaintenance',
  'OfflineMaintenance',
  'ProvisioningFailed',
  'Deleting',
  'DeleteFailed',
  'MigrationPending',
] as const

export type TenantState = (typeof TENANT_STATES)[number]

/** One SuperOffice installation: data, switches, counters. */
export class Installation {
  readonly store = new Store()
  /** Clock of the API; also of stamps, unless the database's own clock differs. */
  readonly clock = createClock()
  /** How far stamps are ahead of the Date header: web server and database server each have a clock. */
  stampSkewMs = 0
  readonly loginClock = createClock()
  readonly switches: Switches
  readonly faults: FaultBoard
  readonly counts = new RequestCounts()
  readonly writes = new WriteLog()
  readonly webhooks = new WebhookBook()
  readonly sender: WebhookSender
  tenantState: TenantState = 'Running'
  /** Current `https://host:port` of the API; it moves. */
  apiHost = ''

  constructor(readonly options: FilledOptions) {
    this.switches = startingSwitches(options)
    this.faults = new FaultBoard(options.seed)
    this.sender = new WebhookSender(this.webhooks, {
      contextIdentifier: options.mode === 'online' ? options.contextIdentifier : 'Default',
      timeScale: options.webhookTimeScale,
      seed: options.seed,
      nowMs: () => this.clock.now(),
    })
    const prefix = options.mode === 'onsite' && options.older ? '#' : ''
    addStandardLists(this.store, prefix, this.nowSeconds() - 5 * 365 * 86_400)
  }

  /** The time for stamps, whole seconds. */
  nowSeconds(): number {
    return Math.floor((this.clock.now() + this.stampSkewMs) / 1000)
  }

  isRunning(): boolean {
    return this.tenantState === 'Running' || this.tenantState === 'OnlineMaintenance'
  }

  /** Path of the API below the host, without `/v1`. */
  apiPath(): string {
    const { mode, contextIdentifier, virtualDirectory } = this.options
    return mode === 'online' ? `/${contextIdentifier}/api` : `${virtualDirectory}/api`
  }

  /** The API's address in answers: on-site, that of an internal host. */
  shownApi(): string {
    const host = this.options.mode === 'online' ? this.apiHost : this.options.internalHost
    return `${host}${this.apiPath()}`
  }
}
