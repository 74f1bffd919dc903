import { describe as group, expect, it } from '@jest/globals'
import { variants } from './config.js'
import { describe, runVariants } from './run-variants.js'

/** The complete reachable state space with two acts by users, on two cores; takes minutes. */
const ACTS = 2
const TIMEOUT_MS = 1_800_000

group('the reconciliation rule, explored exhaustively', () => {
  it(
    'holds in every variant, and every mutant is caught',
    async () => {
      const lines: string[] = []
      const chosen = variants(ACTS).filter((variant) => !variant.slow)
      const outcomes = await runVariants(chosen, (outcome) => {
        lines.push(describe(outcome))
      })
      const states = outcomes.reduce((sum, { found }) => sum + found.states, 0)
      process.stdout.write(`${lines.join('\n')}\nstates explored: ${states}\n`)
      expect(outcomes.filter((outcome) => !outcome.asExpected).map(describe)).toEqual([])
      expect(outcomes.filter(({ variant }) => variant.holds)).toHaveLength(29)
      expect(outcomes.filter(({ variant }) => !variant.holds)).toHaveLength(47)
    },
    TIMEOUT_MS,
  )
})
