import { AppError } from '../contracts/app-error.js'
import { maskAddresses } from '../telemetry/mask-addresses.js'
import { isRecord, type JsonRecord } from './record-paths.js'

/**
 * Parses a file that holds one JSON object.
 *
 * @throws AppError `file_not_json`, with the place of the fault. The parser's own message is not shown: it quotes the
 *   text around the fault, which may be a secret.
 */
export function parseJsonObject(text: string, fileName: string): JsonRecord {
  const name = maskAddresses(fileName)
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw new AppError('file_not_json', `${name} is not JSON${lineOf(error, text)}.`)
  }
  if (!isRecord(value)) {
    throw new AppError('file_not_json', `${name} must hold one JSON object.`)
  }
  return value
}

function lineOf(error: unknown, text: string): string {
  const position = error instanceof Error ? /at position (\d+)/.exec(error.message)?.[1] : undefined
  return position === undefined
    ? ''
    : `: fault in line ${text.slice(0, Number(position)).split('\n').length}`
}
