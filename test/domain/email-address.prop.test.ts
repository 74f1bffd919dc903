import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { domainToASCII } from 'node:url'
import {
  addressKey,
  addressOrText,
  isValidEmail,
  readAddressField,
  spellingsOf,
} from '../../src/domain/email-address.js'

/** Characters of general category Cf, which are invisible. A sample of each block. */
const INVISIBLE = [
  '\u00ad', // soft hyphen
  '\u061c',
  '\u180e',
  '\u200b', // zero-width space
  '\u200c',
  '\u200d',
  '\u200e', // left-to-right mark
  '\u202e',
  '\u2060', // word joiner
  '\u2066',
  '\ufeff', // BOM
  '\u{e0001}',
  '\u{e0041}',
]

/** White space around text that is copied from pages and letters. */
const BLANKS = [' ', '\t', '\n', '\r', '\u0085', '\u00a0', '\u1680', '\u2003', '\u202f', '\u3000']

/** Lower-case letters that form C and case do not change, and none that depends on its neighbours. */
const LETTERS = [...'abcdefghijklmnopqrstuvwxyz0123456789', ...'åäöéüñçøæłžдю']

const text = (alphabet: readonly string[], maxLength: number) =>
  fc.array(fc.constantFrom(...alphabet), { minLength: 1, maxLength }).map((chars) => chars.join(''))

const local = fc
  .array(text(LETTERS, 6), { minLength: 1, maxLength: 3 })
  .chain((parts) => fc.constantFrom('.', '+', '_', '-', "'").map((sign) => parts.join(sign)))
const label = text(LETTERS, 8)
// Node takes a last label of digits for the end of an IPv4 address.
const domain = fc.tuple(label, label).map(([host, top]) => `${host}.x${top}`)
const plain = fc.tuple(local, domain).map((parts) => parts.join('@'))

/** One spelling of an address: each part of the text is unchanged, or changed in a way that keeps its owner. */
const decorations = fc.record({
  before: fc.array(fc.constantFrom(...BLANKS, ...INVISIBLE), { maxLength: 3 }),
  after: fc.array(fc.constantFrom(...BLANKS, ...INVISIBLE), { maxLength: 3 }),
  inside: fc.array(fc.tuple(fc.nat(60), fc.constantFrom(...INVISIBLE)), { maxLength: 4 }),
  upper: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
  formD: fc.boolean(),
  asciiDomain: fc.boolean(),
})

type Decorations = typeof decorations extends fc.Arbitrary<infer T> ? T : never

function decorate(address: string, how: Decorations): string {
  const [own, host] = address.split('@') as [string, string]
  // Node's own conversion, which is not under test.
  const spelled = `${own}@${how.asciiDomain ? domainToASCII(host) : host}`
  const cased = [...spelled].map((c, at) => (how.upper[at % 8] ? c.toUpperCase() : c)).join('')
  const chars = [...(how.formD ? cased.normalize('NFD') : cased)]
  for (const [at, sign] of how.inside) {
    chars.splice(at % (chars.length + 1), 0, sign)
  }
  return `${how.before.join('')}${chars.join('')}${how.after.join('')}`
}

describe('the key of an address (rule A)', () => {
  it.each([
    ['\u200banna@x.example', 'anna@x.example'],
    ['an\u00adna@x.example\u00a0', 'anna@x.example'],
    ['\ufeffANNA@X.example\u2060', 'anna@x.example'],
    ['anna@bücher.example', 'anna@xn--bcher-kva.example'],
    ['anna@XN--BCHER-KVA.example', 'anna@xn--bcher-kva.example'],
    ['rene\u0301@x.example', 'ren\u00e9@x.example'],
    ["o'brien@x.example", "o'brien@x.example"],
    ['anna+news@x.example', 'anna+news@x.example'],
  ])('of %j is %j', (given, key) => {
    expect(addressKey(given)).toBe(key)
  })

  it.each([null, undefined, '', ' \u00a0', '\u200b'])('of %j is none', (given) => {
    expect(readAddressField(given)).toEqual({ key: null, found: [], unusable: false })
    expect(addressOrText(given)).toBeNull()
  })

  it('is the same for an address decorated in any way that does not change whose it is', () => {
    fc.assert(
      fc.property(plain, decorations, decorations, (address, one, other) => {
        expect(addressKey(decorate(address, one))).toBe(addressKey(decorate(address, other)))
        expect(addressKey(decorate(address, one))).not.toBeNull()
      }),
      { numRuns: 1_000 },
    )
  })

  /** Compares two persons by parts of the platform: ICU's comparison, and Node's domains. */
  function sameByPlatform(a: string, b: string): boolean {
    const collator = new Intl.Collator('en', { sensitivity: 'accent', ignorePunctuation: false })
    const [localA, hostA] = a.split('@') as [string, string]
    const [localB, hostB] = b.split('@') as [string, string]
    return (
      collator.compare(localA, localB) === 0 &&
      localA.length === localB.length &&
      domainToASCII(hostA) === domainToASCII(hostB)
    )
  }

  it('never is the same for two people, however alike they are', () => {
    const alike = ['a', 'b', 'å', 'ä', 'á', 'ø', 'o', 'ß', 'ı', 'i', 'l', '1', 'а', 'е', 'e']
    const short = (of: readonly string[]) => text(of, 2)
    const near = fc
      .tuple(short([...alike, '.', '+', '-']), short(alike), fc.constantFrom('x', 'ß', 'ss'))
      .filter(([own]) => !own.startsWith('.'))
      .map(([own, host, top]) => `${own}@${host}.${top}`)
    fc.assert(
      fc.property(near, near, decorations, decorations, (a, b, one, other) => {
        fc.pre(!sameByPlatform(a, b))
        // Case alone would unite some pairs (ß, ı): a person who writes in capitals does not distinguish them either.
        const small = { ...one, upper: one.upper.map(() => false) }
        const smallToo = { ...other, upper: other.upper.map(() => false) }
        expect(addressKey(decorate(a, small))).not.toBe(addressKey(decorate(b, smallToo)))
      }),
      { numRuns: 1_000 },
    )
  })

  it('of a usual address is what it is for one that nothing makes usual', () => {
    const ascii = text([...'abcXYZ019._+-@', 'xn--'], 30)
    fc.assert(
      fc.property(ascii, (address) => {
        // A direction mark has no meaning, but prevents the short cut.
        expect(readAddressField(address)).toEqual(readAddressField(`\u200e${address}`))
      }),
      { numRuns: 3_000 },
    )
  })

  it('is its own key, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(plain, fc.string({ unit: 'binary' })), (given) => {
        const key = addressKey(given)
        expect(key === null ? null : addressKey(key)).toBe(key)
        const kept = addressOrText(given)
        expect(kept === null ? null : addressOrText(kept)).toBe(kept)
        expect(kept === null ? null : addressKey(kept)).toBe(key)
      }),
      { numRuns: 1_000 },
    )
  })

  it('is found by each of its spellings, one of them with the domain in Unicode', () => {
    expect(spellingsOf('anna@xn--bcher-kva.example')).toEqual([
      'anna@xn--bcher-kva.example',
      'anna@bücher.example',
    ])
    fc.assert(
      fc.property(plain, (address) => {
        const key = addressKey(address)!
        spellingsOf(key).forEach((spelling) => expect(addressKey(spelling)).toBe(key))
      }),
    )
  })

  it('fits a column of the database, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (given) => {
        const kept = addressOrText(`${given}@`) ?? ''
        expect(kept.includes('\0')).toBe(false)
        expect(/\p{Surrogate}/u.test(kept)).toBe(false)
        expect(Buffer.byteLength(kept)).toBeLessThan(2_000)
      }),
    )
  })
})

describe('a field that is meant for an address', () => {
  it.each([...'—–•·→+-_=~#*|!?'])(
    'names both of two addresses with only %j between them',
    (sign) => {
      const field = readAddressField(`a@x.example${sign}b@y.example`)
      expect(field).toMatchObject({ key: null, unusable: true })
      expect(field.found).toEqual(expect.arrayContaining(['a@x.example', 'b@y.example']))
    },
  )

  it('names every address of a long text of eMarketeer', () => {
    const given = Array.from({ length: 40 }, (_, n) => `person${n}@x.example`).join('; ')
    expect(readAddressField(addressOrText(given)).found).toEqual(readAddressField(given).found)
  })

  it.each([
    ['a@x.example; b@x.example', ['a@x.example', 'b@x.example']],
    ['a@x.example, b@x.example', ['a@x.example', 'b@x.example']],
    ['a@x.example/b@x.example', ['a@x.example', 'b@x.example']],
    ['a@x.example b@x.example', ['a@x.example', 'b@x.example']],
    ['a@x.example；b@x.example', ['a@x.example', 'b@x.example']],
    ['Anna <a@x.example>', ['a@x.example']],
    ['"Lee, Anna" <A@X.example>', ['a@x.example']],
    ['mailto:a@x.example', ['a@x.example']],
    ['mailto:a@x.example?subject=hi', ['a@x.example']],
    ['<a@x.example>', ['a@x.example']],
    ["'a@x.example'", ['a@x.example']],
    ['“a@x.example”', ['a@x.example']],
    ['a@x.example.', ['a@x.example']],
    ['a @ x.example', ['a@x.example']],
    ['a＠x.example', ['a@x.example']],
    ["'o'brien@x.example'", ["o'brien@x.example"]],
    ['a@bücher.example; \u200bb@x.example', ['a@xn--bcher-kva.example', 'b@x.example']],
    ['ask Anna', []],
  ])('that holds %j links nobody, and names %j', (given, found) => {
    const field = readAddressField(given)
    expect(field).toMatchObject({ key: null, unusable: true })
    expect(field.found).toEqual(expect.arrayContaining(found))
    expect(found.length === 0 ? field.found : []).toEqual([])
  })

  it('names each address that stands in it, whatever separates and wraps them', () => {
    const separators = ['; ', ', ', ' ', ' / ', '|', '\n', ' & ', ';;']
    const wrappings = [
      (address: string) => address,
      (address: string) => `<${address}>`,
      (address: string) => `'${address}'`,
      (address: string) => `Name ${address}.`,
      (address: string) => `mailto:${address}`,
    ]
    const wrapped = fc.tuple(plain, decorations, fc.constantFrom(...wrappings))
    fc.assert(
      fc.property(
        fc.array(wrapped, { minLength: 2, maxLength: 4 }),
        fc.constantFrom(...separators),
        (people, separator) => {
          const field = people.map(([a, how, wrap]) => wrap(decorate(a, how))).join(separator)
          const { key, found } = readAddressField(field)
          expect(key).toBeNull()
          expect(found).toEqual(expect.arrayContaining(people.map(([a]) => addressKey(a))))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('is mailed at its key where that is a usual address', () => {
    expect(isValidEmail(addressKey('Anna@bücher.example')!)).toBe(true)
    expect(isValidEmail(addressKey('anna@localhost')!)).toBe(false)
  })
})
