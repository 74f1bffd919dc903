import fc from 'fast-check'

const RUNS = 10_000

/** Runs a property 10,000 times and prints its seed; `FC_SEED` repeats one. A failure names seed and path. */
export function check<T>(property: fc.IProperty<T>): void {
  const seed =
    process.env.FC_SEED === undefined ? Date.now() % 2 ** 31 : Number(process.env.FC_SEED)
  process.stdout.write(`fast-check seed ${seed}\n`)
  fc.assert(property, { numRuns: RUNS, seed })
}
