import { CommanderError } from 'commander'
import { AppError } from '../../contracts/app-error.js'
import type { ErrorCode } from '../../contracts/error-catalogue.js'
import { maskAddresses } from '../../telemetry/mask-addresses.js'

/** Whether the help or version that was asked for has been shown: no error at all. */
export function isHelpOrVersion(error: unknown): boolean {
  return (
    error instanceof CommanderError &&
    (error.code === 'commander.helpDisplayed' || error.code === 'commander.version')
  )
}

/** Where commander's own codes stand in the catalogue; whatever else it refuses is an unknown option. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  'commander.missingArgument': 'value_missing',
  'commander.optionMissingArgument': 'value_missing',
  'commander.missingMandatoryOptionValue': 'value_missing',
  'commander.invalidArgument': 'value_invalid',
}

/** A command line that commander refused, as an error of the catalogue. */
export function fromCommander(error: CommanderError): AppError {
  if (error.code === 'commander.help') {
    return new AppError('value_missing', 'The command is missing.')
  }
  const told = maskAddresses(error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' '))
  const sentence = `${told.charAt(0).toUpperCase()}${told.slice(1)}`
  const path = /'(-{1,2}[a-z-]+)/.exec(told)?.[1] ?? null
  return new AppError(CODES[error.code] ?? 'unknown_option', withFullStop(sentence), { path })
}

function withFullStop(sentence: string): string {
  return /[.?!)]$/.test(sentence) ? sentence : `${sentence}.`
}
