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

/** A record's arrival at an address. */
interface Visit {
  readonly recordId: string
  readonly comeMs: number
  /** The product takes its answer for later than a deny in eMarketeer: by field history (C3), or as if given here. */
  readonly mayBeLater: boolean
}

/** Records every act with its true time. The product is compared with it, and never sees it. */
export class Ghost {
  private readonly byCell = new Map<string, GhostAct[]>()
  private readonly byRecord = new Map<string, GhostAct[]>()
  private readonly visits = new Map<string, Visit[]>()
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
   * taken-along answer counts from the time when it was said (C3): a later answer in eMarketeer is later, and so is an
   * answer that a record brings along, if its CRM can prove the time, or if the record was away between two readings. A
   * record that comes back so revokes its own deny.
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
        ) &&
        !this.brought(email, cell, deny.saidMs, 'allow').some(
          ({ recordId, comeMs, mayBeLater }) =>
            mayBeLater &&
            comeMs <= until.allowMs &&
            (deny.side === 'emarketeer' || recordId === deny.recordId),
        ),
    )
    return standing ?? null
  }

  /** A record, or a row of it, comes to an address. */
  come(recordId: string, email: string, comeMs: number, mayBeLater: boolean): void {
    addTo(this.visits, email, { recordId, comeMs, mayBeLater })
  }

  /** Whether a record brought a consent to the address that is later than every deny in eMarketeer there. */
  broughtConsent(email: string, cell: string): boolean {
    const denies = this.acts(email, cell).filter(
      ({ side, kind }) => side === 'emarketeer' && kind === 'deny',
    )
    const lastMs = Math.max(0, ...denies.map(({ atMs }) => atMs))
    return this.brought(email, cell, lastMs, 'consent').length > 0
  }

  /** Arrivals of records whose last answer, wherever it was given, permitted or gave consent after that time. */
  private brought(
    email: string,
    cell: string,
    afterMs: number,
    what: 'allow' | 'consent',
  ): readonly Visit[] {
    return (this.visits.get(email) ?? []).filter(({ recordId, comeMs }) => {
      const last = this.ofRecord(recordId).findLast(
        (act) => act.cell === cell && act.atMs <= comeMs,
      )
      return (
        last !== undefined &&
        last.atMs > afterMs &&
        (what === 'consent' ? last.consents : last.kind === 'allow')
      )
    })
  }

  /** When the record last said No in the cell; null: never. */
  saidNoMs(recordId: string, cell: string): number | null {
    const said = this.ofRecord(recordId)
      .filter((act) => act.cell === cell && act.kind === 'deny')
      .map(({ saidMs }) => saidMs)
    return said.length === 0 ? null : Math.max(...said)
  }

  /** Whether the record's last answer in the cell was a No. */
  deniedLast(recordId: string, cell: string): boolean {
    return this.ofRecord(recordId).findLast((act) => act.cell === cell)?.kind === 'deny'
  }

  /** When the deny that stands in a cell was last said; null: never. */
  saidNoAtMs(email: string, cell: string): number | null {
    const said = this.acts(email, cell).filter(({ kind }) => kind === 'deny')
    return said.length === 0 ? null : Math.max(...said.map(({ saidMs }) => saidMs))
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

function addTo<T>(index: Map<string, T[]>, key: string, item: T): void {
  const items = index.get(key) ?? []
  items.push(item)
  index.set(key, items)
}
