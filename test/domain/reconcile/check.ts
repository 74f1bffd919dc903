import { expect as explained } from '@jest/globals'
import fc from 'fast-check'
import { isDeepStrictEqual } from 'node:util'

/** Cases of each property; `FC_RUNS` for a longer search. */
const RUNS = Number(process.env.FC_RUNS ?? 10_000)

/**
 * Runs a property 10,000 times and prints its seed; `FC_SEED` repeats one. A failure names seed and path.
 * @param examples cases that are tried first: counterexamples found earlier.
 */
export function check<T>(property: fc.IProperty<T>, examples: readonly T[] = []): void {
  const seed =
    process.env.FC_SEED === undefined ? Date.now() % 2 ** 31 : Number(process.env.FC_SEED)
  process.stdout.write(`fast-check seed ${seed}\n`)
  fc.assert(property, { numRuns: RUNS, seed, examples: [...examples] })
}

interface Matchers {
  toBe(expected: unknown): void
  toEqual(expected: unknown): void
  toBeLessThanOrEqual(expected: number): void
  readonly not: Pick<Matchers, 'toBe'>
}

/**
 * Jest's `expect`, for the inside of a property. Jest creates an error and its stack before it compares, which in
 * 10,000 cases takes as long as the rule. Here it is called only for a failed comparison, to describe it.
 */
export function expect(actual: unknown): Matchers {
  return {
    toBe: (expected) => Object.is(actual, expected) || explained(actual).toBe(expected),
    toEqual: (expected) =>
      isDeepStrictEqual(actual, expected) || explained(actual).toEqual(expected),
    toBeLessThanOrEqual: (expected) =>
      (actual as number) <= expected || explained(actual).toBeLessThanOrEqual(expected),
    not: {
      toBe: (expected) => !Object.is(actual, expected) || explained(actual).not.toBe(expected),
    },
  }
}
