import { readFile } from 'node:fs/promises'
import { AppError } from '../contracts/app-error.js'
import { maskAddresses } from '../telemetry/mask-addresses.js'

/**
 * Reads a file that the command line names.
 * @throws AppError `file_unreadable`, with the system's code (ENOENT, EACCES). Not retryable.
 */
export async function readTextFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    const shown = maskAddresses(path)
    throw new AppError('file_unreadable', `The file ${shown} cannot be read (${code}).`, {
      path: 'FILE',
      value: shown,
    })
  }
}
