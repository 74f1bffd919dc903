import { gzipSync } from 'node:zlib'
import { ODD_TEXTS } from './odd-texts.js'

/** Values for any place of an answer, as JSON text. */
const VALUES: readonly string[] = [
  ...Object.values(ODD_TEXTS).map((text) => JSON.stringify(text)),
  '"a\\u0000b"',
  'null',
  'true',
  '[]',
  '{}',
  '[null]',
  '-1',
  '0.5',
  '1e400',
  '9007199254740993',
  '"__proto__"',
  '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
  `${'['.repeat(3_000)}${']'.repeat(3_000)}`,
]

/**
 * Values that cost much time or memory unless they are counted: millions of values in a few kilobytes of gzip. Each is
 * compressed only once, because it becomes part of many answers.
 */
const BOMBS: readonly Bomb[] = [
  { text: `[${'{},'.repeat(1_500_000)}{}]`, exceeds: true },
  { text: `[${'0,'.repeat(1_500_000)}0]`, exceeds: true },
  { text: `{${Array.from({ length: 300_000 }, (_, n) => `"k${n}":1`).join()}}`, exceeds: false },
  { text: `"${'a'.repeat(20_000_000)}"`, exceeds: false },
  { text: `[${'[],'.repeat(200_000)}[]]`, exceeds: false },
  { text: `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`, exceeds: true },
].map(({ text, exceeds }) => ({ bomb: gzipSync(text, { level: 1 }), exceeds }))

/** Compressed JSON; `exceeds`: it has more values, or is nested deeper, than any answer may be. */
interface Bomb {
  readonly bomb: Buffer
  readonly exceeds: boolean
}

/** An answer with a bomb in it: {@link MARK} stands in `json` where the bomb goes. */
export interface BombAnswer extends Bomb {
  readonly json: string
}

/** Compresses the text, with the bomb at each {@link MARK}. Concatenated gzip members are read as one text (RFC 1952, 2.2). */
export function compressedWith(bomb: Buffer, text: string): Buffer {
  const [first = '', ...others] = text.split(MARK)
  return Buffer.concat([gzipSync(first), ...others.flatMap((piece) => [bomb, gzipSync(piece)])])
}

/** Every answer that differs from a valid one by one odd value in it, or by its complete body. */
export function* oddAnswers(valid: unknown): Generator<string> {
  for (const marked of markedEverywhere(valid)) {
    for (const value of VALUES) {
      yield marked(value)
    }
  }
}

/** The valid answer with a bomb in place of its body, and of each of its lists and their first entries. */
export function* bombAnswers(valid: unknown): Generator<BombAnswer> {
  const seen = new Set<string>()
  for (const marked of markedEverywhere(valid)) {
    const where = marked('').length
    if (!seen.has(String(where)) && seen.size < 3) {
      seen.add(String(where))
      for (const bomb of BOMBS) {
        yield { json: marked(MARK), ...bomb }
      }
    }
  }
}

const MARK = '@@here@@'

function* markedEverywhere(valid: unknown): Generator<(value: string) => string> {
  for (const replaced of replacements(valid)) {
    const [before = '', after = ''] = JSON.stringify(replaced).split(JSON.stringify(MARK))
    yield (value) => before + value + after
  }
}

/** The value itself and each value in it, one at a time, replaced by the mark. */
function* replacements(value: unknown): Generator<unknown> {
  yield MARK
  if (Array.isArray(value)) {
    for (const [at, one] of value.entries()) {
      for (const replaced of replacements(one)) {
        yield value.with(at, replaced)
      }
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, one] of Object.entries(value)) {
      for (const replaced of replacements(one)) {
        yield { ...value, [key]: replaced }
      }
    }
  }
}
