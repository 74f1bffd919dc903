import { valueAt } from './zod-problems.js'
import { AppError } from '../../contracts/app-error.js'
import { maskAddresses } from '../../telemetry/mask-addresses.js'
import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'

/** A JSON object, as parsed. */
export type JsonRecord = Readonly<Record<string, unknown>>

/** Whether a value is an object and not an array. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value at a dotted path, or undefined. */
export function getPath(record: JsonRecord, path: string): unknown {
  return valueAt(record, path.split('.'))
}

/** A copy with a value set; missing objects on the path are created. */
export function withPath(record: JsonRecord, path: string, value: unknown): JsonRecord {
  const [key = '', ...rest] = path.split('.')
  const inner = record[key]
  const next =
    rest.length === 0 ? value : withPath(isRecord(inner) ? inner : {}, rest.join('.'), value)
  return { ...record, [key]: next }
}

/** A copy without the value at a path. */
export function withoutPath(record: JsonRecord, path: string): JsonRecord {
  const [key = '', ...rest] = path.split('.')
  const inner = record[key]
  if (rest.length === 0) {
    return Object.fromEntries(Object.entries(record).filter(([name]) => name !== key))
  }
  return isRecord(inner) ? { ...record, [key]: withoutPath(inner, rest.join('.')) } : record
}

/**
 * Parses a file that holds one JSON object. A person wrote it, so a key given twice is refused: `JSON.parse` keeps the
 * last one, and the person may look at the first. Answers and events of other systems are read as `JSON.parse` does.
 * @throws AppError `file_not_json`, `repeated_key`, with the position of the fault. The parser's own message is not
 * shown: it quotes the text around the fault, which may be a secret.
 */
export function parseJsonObject(text: string, fileName: string): JsonRecord {
  const name = shownPath(fileName)
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    const what = text.trim() === '' ? 'is empty' : `is not JSON${lineOf(error, text)}`
    throw new AppError('file_not_json', `${name} ${what}.`)
  }
  if (!isRecord(value)) {
    throw new AppError('file_not_json', `${name} must hold one JSON object.`)
  }
  const repeated = findRepeatedKey(text)
  if (repeated !== null) {
    const { path, line } = repeated
    throw new AppError('repeated_key', `${name} has a key twice: again in line ${line}.`, { path })
  }
  return value
}

/** Texts and the marks that structure a JSON text. */
const JSON_TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g

/** The first key that an object of a valid JSON text has twice, as a dotted path, and its line; null: none. */
function findRepeatedKey(text: string): { readonly path: string; readonly line: number } | null {
  const open: { readonly keys: Set<string>; at: string }[] = []
  let last = { text: '', index: 0 }
  for (const { 0: token, index } of text.matchAll(JSON_TOKEN)) {
    const inner = open.at(-1)
    if (token === '{' || token === '[') {
      open.push({ keys: new Set(), at: token === '[' ? '0' : '' })
    } else if (token === '}' || token === ']') {
      open.pop()
    } else if (token === ':' && inner) {
      const key = JSON.parse(last.text) as string
      inner.at = key
      if (inner.keys.has(key)) {
        return { path: open.map(({ at }) => at).join('.'), line: lineAt(text, last.index) }
      }
      inner.keys.add(key)
    } else if (token === ',' && inner && inner.keys.size === 0) {
      inner.at = String(Number(inner.at) + 1)
    }
    last = { text: token, index }
  }
  return null
}

function lineOf(error: unknown, text: string): string {
  const position = error instanceof Error ? /at position (\d+)/.exec(error.message)?.[1] : undefined
  return position === undefined ? '' : `: fault in line ${lineAt(text, Number(position))}`
}

function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length
}

/**
 * Reads a file that the command line names. A byte that is not UTF-8 is refused and not replaced: a password would be
 * another one.
 * @throws AppError `file_unreadable`, with the system's code (ENOENT, EACCES); `file_not_json`, with the line that is
 * not UTF-8. Not retryable.
 */
export async function readTextFile(path: string): Promise<string> {
  const bytes = await readBytes(path)
  if (isUtf8(bytes)) {
    return bytes.toString('utf8')
  }
  const lines = bytes.toString('latin1').split('\n')
  const line = lines.findIndex((text) => !isUtf8(Buffer.from(text, 'latin1'))) + 1
  throw new AppError(
    'file_not_json',
    `${shownPath(path)} is not UTF-8: look at line ${line}. Save it as UTF-8.`,
  )
}

/** The longest end of a path that is shown. */
const SHOWN_CHARACTERS = 150

function shownPath(path: string): string {
  const masked = maskAddresses(path)
  return masked.length > SHOWN_CHARACTERS ? `…${masked.slice(-SHOWN_CHARACTERS)}` : masked
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    const shown = shownPath(path)
    throw new AppError('file_unreadable', `The file ${shown} cannot be read (${code}).`, {
      path: 'FILE',
      value: shown,
    })
  }
}
