import fc from 'fast-check'

/** Cases of each property; `FC_RUNS` for a search that goes on for longer. */
const RUNS = Number(process.env.FC_RUNS ?? 10_000)

/**
 * Runs a property 10,000 times and prints its seed; `FC_SEED` repeats one. A failure names seed and path.
 * @param examples cases that are tried first: counterexamples that were found once.
 */
export function check<T>(property: fc.IProperty<T>, examples: readonly T[] = []): void {
  const seed =
    process.env.FC_SEED === undefined ? Date.now() % 2 ** 31 : Number(process.env.FC_SEED)
  process.stdout.write(`fast-check seed ${seed}\n`)
  fc.assert(property, { numRuns: RUNS, seed, examples: [...examples] })
}
