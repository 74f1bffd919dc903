import { programOptions, refuseOption } from '../../simulators/common/program-options.js'
import { variants } from './config.js'
import { describe, runVariants } from './run-variants.js'

const USAGE =
  'npm run model -- [ACTS] [--all] [--slow] [--variant NAME]\n' +
  'ACTS is 2 if absent; --all has mutants too. docs/reconciliation.md says what it explores.'

/** Exits with 1 if a result is unexpected. */
const { values, positionals } = programOptions(USAGE, {
  allowPositionals: true,
  options: {
    all: { type: 'boolean', default: false },
    slow: { type: 'boolean', default: false },
    variant: { type: 'string' },
  },
})
const [acts = '2', ...others] = positionals
if (others.length > 0 || !/^[1-9]$/.test(acts)) {
  refuseOption(`ACTS is one whole number, not ${positionals.join(' ')}.`, USAGE)
}
const chosen = variants(Number(acts)).filter((variant) =>
  values.variant === undefined
    ? (variant.holds || values.all) && (!variant.slow || values.slow)
    : variant.name === values.variant,
)
if (chosen.length === 0) {
  refuseOption(`There is no variant ${JSON.stringify(values.variant)}.`)
}
const outcomes = await runVariants(chosen, (outcome) => {
  process.stdout.write(`${describe(outcome)}\n`)
})
process.exitCode = outcomes.every((outcome) => outcome.asExpected) ? 0 : 1
