import { CommanderError } from 'commander'
import { AppError } from '../../contracts/app-error.js'
import { toAppError } from '../../connection/to-app-error.js'
import { fromCommander } from './from-commander.js'
import { fromTemporal } from './from-temporal.js'

/** Whatever a command threw, as an error of the catalogue. What is not expected becomes `internal`, told by its kind. */
export function toCliError(error: unknown): AppError {
  if (error instanceof AppError) {
    return error
  }
  if (error instanceof CommanderError) {
    return fromCommander(error)
  }
  const known = fromTemporal(error) ?? toAppError(error)
  return known.code === 'internal' ? unexpected(error, known) : known
}

/** Only its kind: a library's message may quote a row or an answer, and those hold people. */
function unexpected(error: unknown, known: AppError): AppError {
  if (error instanceof Error && /^(Workflow|QueryRejected)/.test(error.name)) {
    return known
  }
  const name = error instanceof Error ? error.name : typeof error
  const code = (error as { code?: unknown } | null)?.code
  const kind = typeof code === 'string' ? `${name}, ${code.slice(0, 40)}` : name
  return new AppError(
    'internal',
    `Something unexpected went wrong (${kind}). LOG_LEVEL=debug tells more.`,
    { cause: error },
  )
}
