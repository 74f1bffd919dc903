/** An exact text of one file, and its replacement. */
export interface Edit {
  readonly file: string
  readonly from: string
  readonly to: string
}

/** A fault that is put into the product on purpose. */
export interface Mutant extends Edit {
  readonly name: string
  /** What the mutant breaks. */
  readonly what: string
  /** Another edit that belongs to the same fault. */
  readonly also?: Edit
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
    name: 'asked',
    what: 'what was read before the sendout asked counts as verified',
    file: 'src/sync/sendout/gate/gate-crm.ts',
    from: 'return askedTick ?? Number.MAX_SAFE_INTEGER',
    to: 'return Math.min(askedTick ?? 0, 0)',
  },
  {
    name: 'unknown',
    what: 'a write whose outcome is unknown counts as never sent, and its guard is dropped',
    file: 'src/sync/pass/acknowledge-writes.ts',
    from: "if (pending && outcome.status !== 'notSent')",
    to: "if (pending && outcome.status !== 'notSent' && outcome.status !== 'unknown')",
  },
  {
    name: 'unfinished',
    what: 'an address whose write failed is no longer due',
    file: 'src/sync/pass/batch-pass.ts',
    from: "leased.has(id) && looked.has(id) && this.#outcomes.of(id) === 'done'",
    to: 'leased.has(id) && looked.has(id)',
  },
  {
    name: 'retry',
    what: 'a write whose outcome is unknown is not tried again',
    file: 'src/sync/pass/acknowledge-writes.ts',
    from: "case 'refused':\n      case 'unknown':\n",
    to: "case 'unknown':\n        break\n      case 'refused':\n",
    also: {
      file: 'src/sync/pass/acknowledge-writes.ts',
      from: "case 'invalid':\n      case 'unknown':\n",
      to: "case 'unknown':\n        break\n      case 'invalid':\n",
    },
  },
  {
    name: 'lease',
    what: 'a pass that has lost its lease stores all the same',
    file: 'src/ledger/address/leases.ts',
    from: 'return new Set(leased.map((row) => row.addressId))',
    to: 'return new Set(ids)',
  },
  {
    name: 'intent',
    what: 'the evidence of a decision is stored after its writes, with their outcomes',
    file: 'src/sync/pass/batch-pass.ts',
    from: 'await appendConsentEvents(tx, events)\n',
    to: 'Object.assign(this, { unsaid: [...events] })\n',
    also: {
      file: 'src/sync/pass/batch-pass.ts',
      from: 'const done = await this.#holding((tx, leased) =>\n      acknowledgeWrites(',
      to: 'const done = await this.#holding(async (tx, leased) =>\n      (await appendConsentEvents(tx, (this as any).unsaid.splice(0)), acknowledgeWrites)(',
    },
  },
  {
    name: 'evidence',
    what: 'the evidence does not tell what eMarketeer gets',
    file: 'src/sync/pass/evidence.ts',
    from: 'emarketeerNew: target,',
    to: "emarketeerNew: 'none',",
  },
  {
    name: 'doubt',
    what: 'our own write that may have overwritten an answer counts as it stands',
    file: 'src/domain/reconcile/rich.ts',
    from: 'const verdict = anyInDoubt(observation, memory)\n',
    to: 'const verdict = anyInDoubt(observation, memory) && facts === null\n',
  },
  {
    name: 'elsewhere',
    what: 'a loosening that followed its contact to another address stays',
    file: 'src/sync/mirror/catch-up-emarketeer.ts',
    from: 'if (crm === null) {\n    return // An account',
    to: 'if (crm !== null) {\n    return // An account',
  },
  {
    name: 'late feed',
    what: 'a page of the list is judged before the feed is read',
    file: 'src/sync/sendout/mailing-list.ts',
    from: 'await catchUpEmarketeer(session)\n  const parts = await inParallel(startsOfParts(from, to), LANES, (start) =>\n    readPart(session, run, { from: start, limit: Math.min(JUDGED_AT_ONCE, to - start) }),\n  )\n',
    to: 'const parts = await inParallel(startsOfParts(from, to), LANES, (start) =>\n    readPart(session, run, { from: start, limit: Math.min(JUDGED_AT_ONCE, to - start) }),\n  )\n  await catchUpEmarketeer(session)\n',
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
    from: 'await catchUpEmarketeer(session)\n  const parts',
    to: 'void catchUpEmarketeer\n  const parts',
  },
  {
    name: 'leaving',
    what: 'a deny is gone with the record that leaves',
    file: 'src/ledger/copy/departed-denies.ts',
    from: '  contacts: readonly LeavingContact[],\n): Promise<readonly DepartedDeny[]> {\n  if (contacts.length === 0) {',
    to: '  contacts: readonly LeavingContact[],\n): Promise<readonly DepartedDeny[]> {\n  if (contacts.length >= 0) {',
  },
]
