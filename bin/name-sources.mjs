import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * Stack traces name the sources. Node's own way (`--enable-source-maps`) reads every map while loading, a fifth of a
 * command's time; here a map is read when an error is printed. Only the places are kept, since a worker would hold 35 MB of
 * read maps.
 * @param {string} folder the bundle's.
 */
export function nameSources(folder) {
  const address = `${pathToFileURL(folder)}`.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const frame = new RegExp(`${address}/([\\w.]+\\.mjs):(\\d+):(\\d+)`)
  const known = new Map()
  const sourceOf = (place, name, line, column) => {
    if (!known.has(place)) {
      const { sources, mappings } = readMap(`${folder}/${name}.map`)
      const found = findSource(mappings, Number(line) - 1, Number(column) - 1)
      known.set(
        place,
        found === null
          ? place
          : `${resolve(folder, sources[found.source])}:${found.line + 1}:${found.column + 1}`,
      )
    }
    return known.get(place)
  }
  Error.prepareStackTrace = (error, frames) =>
    [
      Error.prototype.toString.call(error),
      ...frames.map((at) => `${at}`.replace(frame, sourceOf)),
    ].join('\n    at ')
}

const DIGITS = new Map(
  [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].map((d, n) => [d, n]),
)

/**
 * Decodes the mappings of a source map (ECMA-426) up to a place. All numbers begin at 0; a field is the difference
 * to the last one.
 * @returns {{ source: number, line: number, column: number } | null} null if no source is known for the place.
 */
function findSource(mappings, line, column) {
  const fields = [0, 0, 0, 0, 0]
  let at = 0
  let field = 0
  let value = 0
  let shift = 0
  let found = null
  for (const digit of `${mappings};`) {
    const number = DIGITS.get(digit)
    if (number !== undefined) {
      value += (number & 31) << shift
      shift += 5
      if (number < 32) {
        fields[field] += value & 1 ? -(value >> 1) : value >> 1
        field += 1
        value = 0
        shift = 0
      }
      continue
    }
    if (at === line && field > 0 && fields[0] <= column) {
      found = field > 1 ? { source: fields[1], line: fields[2], column: fields[3] } : null
    }
    field = 0
    if (digit === ';') {
      if (at === line) {
        break
      }
      at += 1
      fields[0] = 0
    }
  }
  return found
}

/** Without mappings if the cache was deleted meanwhile: whoever reads a stack must get one. */
function readMap(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return { sources: [], mappings: '' }
  }
}
