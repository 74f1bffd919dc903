import { variants } from './config.js'
import { describe, runVariants } from './run-variants.js'

/**
 * Arguments: number of acts (2), `--all` (also mutants), `--slow`, `--variant NAME`. Exits with 1 if a result is
 * unexpected.
 */
const args = process.argv.slice(2)
const acts = /^\d+$/.test(args[0] ?? '') ? Number(args[0]) : 2
const named = args.includes('--variant') ? args[args.indexOf('--variant') + 1] : null
const chosen = variants(acts).filter((variant) =>
  named === null
    ? (variant.holds || args.includes('--all')) && (!variant.slow || args.includes('--slow'))
    : variant.name === named,
)
const outcomes = await runVariants(chosen, (outcome) => {
  process.stdout.write(`${describe(outcome)}\n`)
})
process.exitCode = outcomes.length > 0 && outcomes.every((outcome) => outcome.asExpected) ? 0 : 1
