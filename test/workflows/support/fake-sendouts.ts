import type { PreSendRequest, PreSendResult } from '../../../src/contracts/pre-send.js'
import type { MembersReference, PreSendActivities } from '../../../src/contracts/sync-activities.js'
import type { WorkReport } from '../../../src/contracts/work-report.js'
import { EXCLUSION_REASONS } from '../../../src/domain/exclusion-reason.js'

/** The fakes' answers on a sendout. */
export interface FakeSendoutOptions {
  readonly targeted: number
  readonly proof?: MembersReference['proof']
  /** How many contacts may have something to sync; default: not counted. */
  readonly open?: number
}

type Closing = Parameters<PreSendActivities['closeSendout']>[0]

/**
 * The ledger's part of a pre-send, in memory: a synced contact counts as verified, and is eligible after the decision.
 * Everybody else is not verified (G5).
 */
export class FakeSendouts {
  /** Ranges of positions that were synced. */
  readonly ranges: { readonly from: number; readonly to: number }[] = []
  /** The input with which each run was closed. */
  readonly closings: Closing[] = []
  readonly opened: string[] = []
  #decided = false
  #requests = { emarketeer: 0, crm: 0 }
  #updated = { emarketeer: 0, crm: 0 }
  #request: PreSendRequest | null = null

  constructor(private readonly options: FakeSendoutOptions) {}

  /** Contacts synced so far; all if the proof found nothing to sync. */
  get verified(): number {
    if (this.options.open === 0) {
      return this.options.targeted
    }
    return this.ranges.reduce((sum, { from, to }) => sum + to - from, 0)
  }

  /** Notes a range as synced. Each sync counts one request per side and one write. */
  sync({ from, to }: { readonly from: number; readonly to: number }): WorkReport {
    this.ranges.push({ from, to })
    this.#spend(1, 1)
    this.#updated = { emarketeer: this.#updated.emarketeer + 1, crm: this.#updated.crm + 1 }
    return {
      requests: { emarketeer: 1, crm: 1 },
      writes: { emarketeer: 1, crm: 1 },
      addresses: to - from,
      decisions: 0,
      held: 0,
    }
  }

  activities(): PreSendActivities {
    const { targeted, proof = 'direct', open = null } = this.options
    return {
      checkPreSend: async ({ request }) => ({
        connectionId: request.connectionId ?? 'acme-dynamics',
        accountId: request.accountId ?? '1001',
        crm: 'dynamics',
        startAtMs: request.startAt ? Date.parse(request.startAt) : null,
        deadlineMs: request.deadline ? Date.parse(request.deadline) : null,
      }),
      openSendout: async ({ request, sendoutRunId }) => {
        this.#request = request
        this.opened.push(sendoutRunId)
        return {
          sendoutRunId,
          connectionId: request.connectionId ?? 'acme-dynamics',
          crm: 'dynamics',
        }
      },
      fixAudience: async () => ({ targeted, requests: this.#spend(1, 0) }),
      proveFreshness: async () => ({ proof, open, requests: this.#spend(1, 1) }),
      syncMembers: async (members) => this.sync(members),
      decideMembers: async () => {
        this.#decided = true
        return { requests: this.#spend(1, 0) }
      },
      closeSendout: async (closing) => this.#close(closing),
    }
  }

  #spend(emarketeer: number, crm: number) {
    const soFar = this.#requests
    this.#requests = { emarketeer: soFar.emarketeer + emarketeer, crm: soFar.crm + crm }
    return { emarketeer, crm }
  }

  #close(closing: Closing): PreSendResult {
    this.closings.push(closing)
    const { targeted } = this.options
    const request = this.#request!
    const verified = this.#decided ? this.verified : 0
    const aborted = closing.aborted || (verified < targeted && closing.onUnverified === 'abort')
    const eligible = aborted ? 0 : verified
    const excluded = Object.fromEntries(EXCLUSION_REASONS.map((reason) => [reason, 0]))
    return {
      sendoutId: request.sendoutId,
      stage: request.stage,
      outcome: aborted ? 'aborted' : 'decided',
      crm: 'dynamics',
      channel: 'email',
      verifiedAsOf: null,
      complete: !aborted && eligible === targeted,
      targeted,
      eligible,
      excluded: { ...excluded, notVerified: targeted - eligible } as PreSendResult['excluded'],
      updated: this.#updated,
      requests: this.#requests,
      problems: closing.problems,
      mailingList: aborted || request.stage === 'checklist' ? null : request.sendoutId,
    }
  }
}
