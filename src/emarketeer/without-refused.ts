import { UpstreamError } from '../http/index.js'

/** Items of a list, split by whether eMarketeer refused them. */
interface Sorted<T> {
  readonly refused: readonly T[]
  readonly rest: readonly T[]
}

/**
 * Separates the items that eMarketeer refused. One such item makes it refuse the complete call
 * (docs/wire-emarketeer.md, errors), and the error names its place: `contacts[3].email`. Without them the others can be
 * read or written.
 * @param list the name of the list in the body.
 * @throws the error itself if it is not such a refusal, or names no item of that list.
 */
export function withoutRefused<T>(error: unknown, list: string, items: readonly T[]): Sorted<T> {
  const places = new Set(refusedIndexes(error, list))
  const refused = items.filter((_, index) => places.has(index))
  if (refused.length === 0) {
    throw error
  }
  return { refused, rest: items.filter((_, index) => !places.has(index)) }
}

function refusedIndexes(error: unknown, list: string): readonly number[] {
  if (!(error instanceof UpstreamError) || error.upstreamCode !== 'validation_failed') {
    return []
  }
  const place = new RegExp(`^${list}[[.](\\d{1,4})(\\]|\\.|$)`)
  return error.paths.flatMap((path) => {
    const index = place.exec(path)?.[1]
    return index === undefined ? [] : [Number(index)]
  })
}
