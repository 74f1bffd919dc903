/** A fault that is put into the product on purpose: an exact text of one file, and its replacement. */
export interface Mutant {
  readonly name: string
  /** What the mutant breaks. */
  readonly what: string
  readonly file: string
  readonly from: string
  readonly to: string
}

/** Some seed must find each of them; a mutant whose text is no longer in its file fails. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'guard',
    what: 'our own late Allow passes for a person’s act',
    file: 'src/domain/reconcile/toggle.ts',
    from: 'comparison.emarketeerMoved === false &&\n    !crmMaybeOurs\n',
    to: 'comparison.emarketeerMoved === false\n',
  },
  {
    name: 'seen deny',
    what: 'an Allow counts as later though no deny was seen before it',
    file: 'src/domain/reconcile/toggle.ts',
    from: "comparison.seen?.records.some((record) => record.value === 'deny') === true &&\n    crm === 'allow' &&",
    to: "crm === 'allow' &&",
  },
  {
    name: 'order',
    what: 'what loosens is sent though what tightens has failed',
    file: 'src/sync/pass/batch-pass.ts',
    from: 'this.errors.length === sent &&\n      !(await',
    to: 'sent >= 0 &&\n      !(await',
  },
  {
    name: 'lease',
    what: 'a lease is taken that somebody else holds',
    file: 'src/ledger/address/leases.ts',
    from: 'AND (lease_expires_at IS NULL OR lease_expires_at < clock_timestamp())\n',
    to: '\n',
  },
  {
    name: 'lock',
    what: 'a record that left after it was loaded is not noticed under the lock',
    file: 'src/sync/pass/batch-pass.ts',
    from: "this.outcomes.say('again', changed)\n    return cells.filter((cell) => !changed.has(cell.row.addressId))",
    to: 'return cells.filter(() => changed !== undefined)',
  },
  {
    name: 'intent',
    what: 'the memory of before is stored, without what is about to be written',
    file: 'src/sync/pass/batch-pass.ts',
    from: 'memory: cell.plan.memory,\n            departed',
    to: 'memory: cell.memory,\n            departed',
  },
  {
    name: 'retry',
    what: 'what is about to be written is not marked as due',
    file: 'src/sync/pass/batch-pass.ts',
    from: 'this.due = [...this.due, ...(await ensureDue(tx, [...new Set(places)]))]',
    to: 'void ensureDue, places',
  },
  {
    name: 'mark',
    what: 'a mark that came during the pass is cleared with the older one',
    file: 'src/ledger/address/addresses.ts',
    from: 'WHERE a.address_id = d.address_id AND a.dirty_tick <= d.tick',
    to: 'WHERE a.address_id = d.address_id',
  },
  {
    name: 'stamp',
    what: 'eMarketeer’s clock is taken to be right',
    file: 'src/domain/clock.ts',
    from: 'const offsetMs = clock === null ? Number.POSITIVE_INFINITY : mostOffsetMs(clock)',
    to: 'const offsetMs = 0 * mostOffsetMs(clock ?? { fromMs: 0, toMs: 0 })',
  },
  {
    name: 'freshness',
    what: 'two sides count as read together though one moved meanwhile',
    file: 'src/sync/view/observe.ts',
    from: 'return from > row.emarketeerMovedTick && connection.emarketeerProvenTick > to',
    to: 'return from >= 0 && to >= 0',
  },
  {
    name: 'asked',
    what: 'what was read before the sendout asked counts as verified',
    file: 'src/sync/sendout/gate/gate-facts.ts',
    from: 'const fresh = !mustBeFresh || batch.connection.emarketeerProvenTick > askedTickOf(run)',
    to: 'const fresh = !mustBeFresh || batch.connection.emarketeerProvenTick > 0 || askedTickOf(run) < 0',
  },
  {
    name: 'list',
    what: 'whoever was eligible is on the list, without another look',
    file: 'src/sync/sendout/mailing-list.ts',
    from: '.filter(({ position }) => eligible.has(position))',
    to: '.filter(() => eligible.size >= 0)',
  },
  {
    name: 'feed',
    what: 'a page of the list is given out without the feed',
    file: 'src/sync/sendout/mailing-list.ts',
    from: 'await catchUpEmarketeer(session)\n  const { sendoutRunId }',
    to: 'void catchUpEmarketeer\n  const { sendoutRunId }',
  },
  {
    name: 'leaving',
    what: 'a deny is gone with the record that leaves',
    file: 'src/ledger/copy/departed-denies.ts',
    from: '  contacts: readonly LeavingContact[],\n): Promise<readonly DepartedDeny[]> {\n  if (contacts.length === 0) {',
    to: '  contacts: readonly LeavingContact[],\n): Promise<readonly DepartedDeny[]> {\n  if (contacts.length >= 0) {',
  },
]
