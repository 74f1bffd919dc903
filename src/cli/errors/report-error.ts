import { AppError, type ErrorDocument } from '../../contracts/app-error.js'
import { ERROR_CATALOGUE, type ExitCode, type ErrorCode } from '../../contracts/error-catalogue.js'
import { readLogLevel } from '../../telemetry/log-level.js'
import type { ProblemsDocument } from '../../contracts/problems.js'
import { describeError } from '../../telemetry/describe-error.js'
import type { Output } from '../output.js'
import { jsonText, safeText } from '../terminal-text.js'
import { CommanderError } from 'commander'
import { toKnownError } from '../../app/known-error.js'
import { maskAddresses } from '../../telemetry/mask-addresses.js'

/**
 * Writes an error to stderr: what, where, which value, what to do. With `--json` also as one document to stdout.
 * @param thrown the original error. It is written, with addresses masked, only with LOG_LEVEL=debug.
 * @returns the exit code.
 */
export async function reportError(
  error: AppError,
  thrown: unknown,
  output: Output,
  json: boolean,
): Promise<ExitCode> {
  const document: ErrorDocument | ProblemsDocument = error.toDocument()
  if (json) {
    // Where even that cannot be written, the note and the exit code remain.
    await output.answer(true, document, () => '').catch(() => undefined)
  }
  output.note(errorText(document).join('\n'))
  const level = readLogLevel(process.env['LOG_LEVEL'])
  if (level === 'debug' || level === 'trace') {
    output.note(jsonText(describeError(thrown), 2))
  }
  return error.kind.exitCode
}

/** The lines for a person. Several faults of one input are listed one below the other. */
function errorText({ error }: ErrorDocument | ProblemsDocument): readonly string[] {
  const problems = 'problems' in error ? error.problems : []
  if (problems.length <= 1) {
    return [...faultText(error), `  what to do: ${error.hint}`]
  }
  // Consecutive faults with the same code share one hint, below the last of them.
  return problems.flatMap((problem, at) => [
    ...faultText(problem),
    ...(problems[at + 1]?.code === problem.code
      ? []
      : [`  what to do: ${ERROR_CATALOGUE[problem.code].hint}`]),
  ])
}

function faultText(fault: {
  readonly code: string
  readonly message: string
  readonly path: string | null
  readonly value: string | null
}): readonly string[] {
  return [
    `Error ${fault.code}: ${safeText(fault.message)}`,
    ...(fault.path === null ? [] : [`  where: ${safeText(fault.path)}`]),
    ...(fault.value === null ? [] : [`  value: ${safeText(fault.value)}`]),
  ]
}

/** Converts a command's error to one of the catalogue. */
export function toCliError(error: unknown): AppError {
  return error instanceof CommanderError ? fromCommander(error) : toKnownError(error)
}

/** Whether commander threw because it has shown help or the version, which is not an error. */
export function isHelpOrVersion(error: unknown): boolean {
  return (
    error instanceof CommanderError &&
    (error.code === 'commander.helpDisplayed' || error.code === 'commander.version')
  )
}

/** The catalogue's codes for commander's codes; any other code becomes an unknown option. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  'commander.missingArgument': 'value_missing',
  'commander.optionMissingArgument': 'value_missing',
  'commander.missingMandatoryOptionValue': 'value_missing',
  'commander.invalidArgument': 'value_invalid',
}

/** Converts commander's refusal of a command line to an error of the catalogue. */
export function fromCommander(error: CommanderError): AppError {
  if (error.code === 'commander.help') {
    return new AppError('value_missing', 'The command is missing.')
  }
  const text = shortened(
    maskAddresses(error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ')),
  )
  const sentence = `${text.charAt(0).toUpperCase()}${text.slice(1)}`
  const path = /'(-{1,2}[a-z-]+)/.exec(text)?.[1] ?? null
  return new AppError(CODES[error.code] ?? 'unknown_option', withFullStop(sentence), { path })
}

/** The longest part of what somebody typed that is shown. */
const SHOWN_CHARACTERS = 60

/** Commander's message, with what it quotes cut. */
function shortened(text: string): string {
  return text.replace(/'[^']+'/g, (quoted) =>
    quoted.length > SHOWN_CHARACTERS ? `${quoted.slice(0, SHOWN_CHARACTERS)}…'` : quoted,
  )
}

function withFullStop(sentence: string): string {
  return /[.?!)]$/.test(sentence) ? sentence : `${sentence}.`
}
