import fc from 'fast-check'
import type { LegalBasis } from '../../../src/domain/legal-basis.js'

/** A CRM person's value for marketing; `none` has no row. */
export type Basis = Extract<
  LegalBasis,
  'none' | 'withdrawn' | 'consent' | 'contract' | 'legitimateInterest'
>

/** A person at an address. They are listed in the order of creation: the number is the rank of the id. */
export interface Twin {
  readonly basis: Basis
  /** Time of registration in minutes; several may share one. */
  readonly registered: number
  readonly deleted: boolean
  /** The address is not the person's primary address. */
  readonly holder: boolean
}

/** An act after everybody was linked. */
export interface LaterAct {
  readonly where: 'emarketeer' | 'oldest'
  readonly basis: Exclude<Basis, 'none'>
}

/** An address that many persons have, and an act there. */
export interface SharedAddress {
  readonly twins: readonly Twin[]
  readonly act: LaterAct
}

/** The values in both systems. */
export interface Seen {
  readonly emarketeer: Basis
  /** In the order of creation. */
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

/** 1 to 50 persons of all values and ages; at least one has the address as a live primary address. */
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

/** Whether the person is read and written at the address: live, with it as the primary address. */
export function lives({ deleted, holder }: Twin): boolean {
  return !deleted && !holder
}

/** The person that is read: registered first, then created first. */
export function oldestOf(twins: readonly Twin[]): number {
  const order = twins
    .map((one, made) => ({ ...one, made }))
    .filter(lives)
    .sort((a, b) => a.registered - b.registered || a.made - b.made)
  return order[0]!.made
}

/**
 * The values that both systems have after a result according to rule C5: every live person with this primary address
 * has the result, except that younger ones who are withdrawn stay so. Deleted persons and those with another primary
 * address do not change.
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

/** Whether a live person there is withdrawn, whether the address is primary or secondary. */
export function anyWithdrawn({ twins }: SharedAddress, { twins: held }: Seen): boolean {
  return twins.some(({ deleted }, made) => !deleted && held[made] === 'withdrawn')
}

/** Whether live persons there differ and one of them is withdrawn. Having no value is a difference, too. */
export function disagree(address: SharedAddress, seen: Seen): boolean {
  const said = address.twins.flatMap(({ deleted }, made) => (deleted ? [] : [seen.twins[made]!]))
  return anyWithdrawn(address, seen) && said.some((held) => held !== 'withdrawn')
}

/** Whether a live person with another primary address is withdrawn, which counts at this address too, once. */
export function hasWithdrawnHolder({ twins }: SharedAddress): boolean {
  return twins.some((one) => one.holder && !one.deleted && one.basis === 'withdrawn')
}
