import { encodeQueryValue } from '../wire/odata.js'

/** Values in one `In()`; the service takes more, but answers of one page size are easier on both sides. */
export const MAX_IN_VALUES = 500

/** Room for the list in a URL inside `$batch` (65,536), the rest of the URL kept free. */
const MAX_LIST_CHARACTERS = 60_000

/** Cuts values into lists that fit an `In()`, by number and by encoded length; order kept. */
export function inChunks(values: readonly string[]): string[][] {
  const chunks: string[][] = []
  let chunk: string[] = []
  let length = 0
  for (const value of values) {
    const size = encodeQueryValue(`${JSON.stringify(value)},`).length
    if (
      chunk.length === MAX_IN_VALUES ||
      (chunk.length > 0 && length + size > MAX_LIST_CHARACTERS)
    ) {
      chunks.push(chunk)
      chunk = []
      length = 0
    }
    chunk.push(value)
    length += size
  }
  return chunk.length === 0 ? chunks : [...chunks, chunk]
}

/** Cuts a list into pieces of at most `size`. */
export function chunksOf<T>(values: readonly T[], size: number): T[][] {
  const chunks: T[][] = []
  for (let at = 0; at < values.length; at += size) {
    chunks.push(values.slice(at, at + size))
  }
  return chunks
}
