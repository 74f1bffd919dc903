/** What somebody did, with its true time. */
export interface GhostAct {
  readonly atMs: number
  /**
   * When the person said it: earlier than the act's time for an answer that a record took along from another address.
   */
  readonly saidMs: number
  readonly email: string
  /** A purpose, or `c:` followed by a category. */
  readonly cell: string
  readonly side: 'emarketeer' | 'crm'
  /** The record, for an act in the CRM. */
  readonly recordId: string | null
  readonly kind: 'deny' | 'allow'
  /** It gives explicit consent. */
  readonly consents: boolean
  /** The product could not know of it (docs/reconciliation.md, "Limits"). */
  lost: boolean
  /** When the record left the address; after that, a later act of any record decides for the address. */
  leftMs: number | null
}

/** The times until which acts count, for each system. */
export interface Until {
  readonly emarketeerMs: number
  readonly crmMs: number
  /** Acts that permit count until then. */
  readonly allowMs: number
}

/** Counts every act. */
export const ALWAYS: Until = {
  emarketeerMs: Number.MAX_SAFE_INTEGER,
  crmMs: Number.MAX_SAFE_INTEGER,
  allowMs: Number.MAX_SAFE_INTEGER,
}

/** Records every act with its true time. The product is compared with it, and never sees it. */
export class Ghost {
  private readonly byCell = new Map<string, GhostAct[]>()
  private readonly byRecord = new Map<string, GhostAct[]>()
  /** Records that are or were at an address. */
  private readonly visitors = new Map<string, Set<string>>()
  count = 0

  add(act: Omit<GhostAct, 'lost' | 'leftMs' | 'saidMs'>, saidMs = act.atMs): void {
    const key = `${act.email} ${act.cell}`
    const made: GhostAct = { ...act, saidMs, lost: false, leftMs: null }
    addTo(this.byCell, key, made)
    if (act.recordId !== null) {
      addTo(this.byRecord, act.recordId, made)
    }
    this.count += 1
  }

  acts(email: string, cell: string): readonly GhostAct[] {
    return this.byCell.get(`${email} ${cell}`) ?? []
  }

  /**
   * A deny that no later act revoked, or null. Any later act that permits revokes a deny in eMarketeer. A deny of a CRM
   * record is revoked by such an act in eMarketeer or on the same record, not by an act on another record. A
   * taken-along answer counts from the time when it was said (C3): a later answer in eMarketeer is later.
   */
  standingDeny(email: string, cell: string, until: Until = ALWAYS): GhostAct | null {
    const acts = this.acts(email, cell)
    const standing = acts.findLast(
      (deny, at) =>
        deny.kind === 'deny' &&
        !deny.lost &&
        deny.atMs <= (deny.side === 'crm' ? until.crmMs : until.emarketeerMs) &&
        !acts.some(
          (allow, when) =>
            allow.kind === 'allow' &&
            (when > at || (allow.side === 'emarketeer' && allow.atMs > deny.saidMs)) &&
            allow.atMs <= until.allowMs &&
            (allow.side === 'emarketeer' ||
              deny.side === 'emarketeer' ||
              allow.recordId === deny.recordId ||
              (deny.leftMs !== null && allow.atMs > deny.leftMs)),
        ),
    )
    return standing ?? null
  }

  /** A record comes to an address. */
  come(recordId: string, email: string): void {
    const visitors = this.visitors.get(email) ?? new Set()
    this.visitors.set(email, visitors.add(recordId))
  }

  /** Whether somebody consented on a record that is or was at the address, whichever address the record had then. */
  broughtConsent(email: string, cell: string): boolean {
    return [...(this.visitors.get(email) ?? [])]
      .flatMap((recordId) => this.ofRecord(recordId))
      .some((act) => act.cell === cell && act.consents)
  }

  /** When the record last said No in the cell; null: never. */
  saidNoMs(recordId: string, cell: string): number | null {
    const said = this.ofRecord(recordId)
      .filter((act) => act.cell === cell && act.kind === 'deny')
      .map(({ saidMs }) => saidMs)
    return said.length === 0 ? null : Math.max(...said)
  }

  /** A record is no longer live at an address. */
  leave(recordId: string, atMs: number): void {
    this.ofRecord(recordId).forEach((act) => (act.leftMs ??= atMs))
  }

  /** The ledger lost everything since then: it alone knew of records that left in the meantime. */
  forget(sinceMs: number): void {
    for (const acts of this.byCell.values()) {
      for (const act of acts) {
        act.lost ||= act.leftMs !== null && act.leftMs >= sinceMs
      }
    }
  }

  /** A record was lost that nobody has read since then: its denies cannot be known. */
  lose(recordId: string, sinceMs: number): void {
    this.ofRecord(recordId).forEach((act) => (act.lost ||= act.atMs >= sinceMs))
  }

  /** A record left an address that eMarketeer did not know: nothing keeps its deny there. */
  loseAt(recordId: string, email: string): void {
    this.ofRecord(recordId).forEach((act) => (act.lost ||= act.email === email))
  }

  private ofRecord(recordId: string): readonly GhostAct[] {
    return this.byRecord.get(recordId) ?? []
  }
}

function addTo(index: Map<string, GhostAct[]>, key: string, act: GhostAct): void {
  const acts = index.get(key) ?? []
  acts.push(act)
  index.set(key, acts)
}
