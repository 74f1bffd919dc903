import { encodedSize, fitsInList } from '../wire/odata.js'

/** Values in one query. An `In()` accepts more, but answers of one page are easier on both sides. */
export const MAX_IN_VALUES = 500

/** Values outside the list, each a condition of its own; the service accepts 500 conditions in total. */
const MAX_BESIDE = 100

/** Space for the list in a URL inside `$batch` (65,536), leaving room for the rest of the URL. */
const MAX_LIST_CHARACTERS = 60_000

/**
 * Splits values into pieces that fit one filter, by number and by encoded length; keeps the order.
 * @param properties each is compared with all values.
 */
export function inChunks(properties: readonly string[], values: readonly string[]): string[][] {
  const chunks: string[][] = []
  let chunk: string[] = []
  let length = 0
  let beside = 0
  for (const value of values) {
    const size = properties.reduce((sum, property) => sum + encodedSize(property, value), 0)
    const alone = fitsInList(value) ? 0 : 1
    const isFull =
      chunk.length === MAX_IN_VALUES ||
      beside + alone > MAX_BESIDE ||
      (chunk.length > 0 && length + size > MAX_LIST_CHARACTERS)
    if (isFull) {
      chunks.push(chunk)
      chunk = []
      length = 0
      beside = 0
    }
    chunk.push(value)
    length += size
    beside += alone
  }
  return chunk.length === 0 ? chunks : [...chunks, chunk]
}
