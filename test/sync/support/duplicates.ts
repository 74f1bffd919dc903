import fc from 'fast-check'
import type { LegalBasis } from '../../../src/domain/legal-basis.js'

/** What a person in the CRM says about marketing; `none` has no row. */
export type Basis = Extract<
  LegalBasis,
  'none' | 'withdrawn' | 'consent' | 'contract' | 'legitimateInterest'
>

/** A person at an address, in the order in which they are made: the number is the rank of the id. */
export interface Twin {
  readonly basis: Basis
  /** When registered, in minutes; several may share one. */
  readonly registered: number
  readonly deleted: boolean
  /** The address is not their first one. */
  readonly holder: boolean
}

/** Somebody acts after everybody has been linked. */
export interface LaterAct {
  readonly where: 'emarketeer' | 'oldest'
  readonly basis: Exclude<Basis, 'none'>
}

/** An address that many have, and what happens there. */
export interface SharedAddress {
  readonly twins: readonly Twin[]
  readonly act: LaterAct
}

/** Both systems as somebody may see them who knows nothing of how it is done. */
export interface Seen {
  readonly emarketeer: Basis
  /** By the order in which they were made. */
  readonly twins: readonly Basis[]
}

const basis = fc.constantFrom<Basis[]>(
  'none',
  'withdrawn',
  'consent',
  'contract',
  'legitimateInterest',
)

const twin: fc.Arbitrary<Twin> = fc.record({
  basis,
  registered: fc.integer({ min: 0, max: 6 }),
  deleted: fc.boolean().chain((maybe) => (maybe ? fc.boolean() : fc.constant(false))),
  holder: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
})

const counts = fc.oneof(
  fc.integer({ min: 1, max: 4 }),
  fc.integer({ min: 1, max: 50 }),
  fc.constant(50),
)

/** 1 to 50 persons of all values and ages, of whom one at least lives there. */
export const sharedAddress: fc.Arbitrary<SharedAddress> = fc
  .record({
    twins: counts.chain((count) => fc.array(twin, { minLength: count, maxLength: count })),
    act: fc.record({
      where: fc.constantFrom('emarketeer' as const, 'oldest' as const),
      basis: fc.constantFrom(
        'withdrawn' as const,
        'consent' as const,
        'contract' as const,
        'legitimateInterest' as const,
      ),
    }),
  })
  .filter(({ twins }) => twins.some(lives))

/** Whether somebody is read and written at the address. */
export function lives({ deleted, holder }: Twin): boolean {
  return !deleted && !holder
}

/** The one that is read: registered first, then made first. */
export function oldestOf(twins: readonly Twin[]): number {
  const order = twins
    .map((one, made) => ({ ...one, made }))
    .filter(lives)
    .sort((a, b) => a.registered - b.registered || a.made - b.made)
  return order[0]!.made
}

/**
 * What rule C5 says that both systems hold once a result stands: everybody there has it, but whoever of the younger ones
 * is withdrawn stays so. Nobody who is deleted, and nobody with another first address, is touched.
 */
export function afterResult({ twins }: SharedAddress, before: Seen, result: Basis): Seen {
  const oldest = oldestOf(twins)
  return {
    emarketeer: result,
    twins: before.twins.map((held, made) => {
      const stays =
        result === 'none' || !lives(twins[made]!) || (made !== oldest && held === 'withdrawn')
      return stays ? held : result
    }),
  }
}

/** Whether a live person there is withdrawn, by whichever of its addresses. */
export function anyWithdrawn({ twins }: SharedAddress, { twins: held }: Seen): boolean {
  return twins.some(({ deleted }, made) => !deleted && held[made] === 'withdrawn')
}

/** Whether live persons there say different things, one of them that they have withdrawn; having said nothing is different, too. */
export function disagree(address: SharedAddress, seen: Seen): boolean {
  const said = address.twins.flatMap(({ deleted }, made) => (deleted ? [] : [seen.twins[made]!]))
  return anyWithdrawn(address, seen) && said.some((held) => held !== 'withdrawn')
}

/** Whether somebody with another first address is withdrawn: theirs counts at this one too, once. */
export function hasWithdrawnHolder({ twins }: SharedAddress): boolean {
  return twins.some((one) => one.holder && !one.deleted && one.basis === 'withdrawn')
}
