import { CommanderError } from 'commander'
import { AppError } from '../../contracts/app-error.js'
import type { ErrorCode } from '../../contracts/error-catalogue.js'
import { maskAddresses } from '../../telemetry/mask-addresses.js'

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
  const text = maskAddresses(error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' '))
  const sentence = `${text.charAt(0).toUpperCase()}${text.slice(1)}`
  const path = /'(-{1,2}[a-z-]+)/.exec(text)?.[1] ?? null
  return new AppError(CODES[error.code] ?? 'unknown_option', withFullStop(sentence), { path })
}

function withFullStop(sentence: string): string {
  return /[.?!)]$/.test(sentence) ? sentence : `${sentence}.`
}
