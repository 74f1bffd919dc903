/** What somebody did, when it truly was. */
export interface GhostAct {
  readonly atMs: number
  readonly email: string
  /** A purpose, or `c:` and a category. */
  readonly cell: string
  readonly side: 'emarketeer' | 'crm'
  /** Of the CRM's, the record. */
  readonly recordId: string | null
  readonly kind: 'deny' | 'allow'
  /** It gives consent as such. */
  readonly consents: boolean
  /** Nobody could know of it (docs/reconciliation.md, "Limits"). */
  lost: boolean
  /** When the record left the address; from then on any record's later act speaks for the address. */
  leftMs: number | null
}

/** Up to when acts count: those of each system, and what may have been seen beyond. */
export interface Until {
  readonly emarketeerMs: number
  readonly crmMs: number
  /** An act that permits counts until then. */
  readonly allowMs: number
}

/** All acts: until everything that was ever done. */
export const ALWAYS: Until = {
  emarketeerMs: Number.MAX_SAFE_INTEGER,
  crmMs: Number.MAX_SAFE_INTEGER,
  allowMs: Number.MAX_SAFE_INTEGER,
}

/** Remembers every act, with its true time: what the product is held against, and never told. */
export class Ghost {
  private readonly byCell = new Map<string, GhostAct[]>()
  count = 0

  add(act: Omit<GhostAct, 'lost' | 'leftMs'>): void {
    const key = `${act.email} ${act.cell}`
    const acts = this.byCell.get(key) ?? []
    acts.push({ ...act, lost: false, leftMs: null })
    this.byCell.set(key, acts)
    this.count += 1
  }

  acts(email: string, cell: string): readonly GhostAct[] {
    return this.byCell.get(`${email} ${cell}`) ?? []
  }

  /**
   * A deny that no later act took back, or null. One in eMarketeer is taken back by any later act that permits; one of a CRM
   * record by eMarketeer's, or by one on the same record: another record's says nothing of it.
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
            when > at &&
            allow.atMs <= until.allowMs &&
            (allow.side === 'emarketeer' ||
              deny.side === 'emarketeer' ||
              allow.recordId === deny.recordId ||
              (deny.leftMs !== null && allow.atMs > deny.leftMs)),
        ),
    )
    return standing ?? null
  }

  /** A record is no longer live at an address. */
  leave(recordId: string, atMs: number): void {
    this.each(recordId, (act) => (act.leftMs ??= atMs))
  }

  /** The ledger forgot what happened since: of records that left meanwhile it alone knew. */
  forget(sinceMs: number): void {
    for (const acts of this.byCell.values()) {
      for (const act of acts) {
        act.lost ||= act.leftMs !== null && act.leftMs >= sinceMs
      }
    }
  }

  /** A record went that nobody had read since: what was denied there cannot be known. */
  lose(recordId: string, sinceMs: number): void {
    this.each(recordId, (act) => (act.lost ||= act.atMs >= sinceMs))
  }

  private each(recordId: string, change: (act: GhostAct) => void): void {
    for (const acts of this.byCell.values()) {
      acts.filter((act) => act.recordId === recordId).forEach(change)
    }
  }
}
