import { CommanderError } from 'commander'
import { toKnownError } from '../../app/known-error.js'
import type { AppError } from '../../contracts/app-error.js'
import { fromCommander } from './from-commander.js'

/** Whatever a command threw, as an error of the catalogue. */
export function toCliError(error: unknown): AppError {
  return error instanceof CommanderError ? fromCommander(error) : toKnownError(error)
}
