/** A seeded generator of numbers in [0, 1): the same seed gives the same run. */
export type Random = () => number

/** mulberry32: small, fast, good enough to spread faults and sample data. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A GUID in the form of version 4 from the generator, so that seeded data has stable ids. */
export function randomGuid(random: Random): string {
  const hex = (digits: number): string => {
    let text = ''
    for (let i = 0; i < digits; i += 4) {
      text += Math.floor(random() * 65_536)
        .toString(16)
        .padStart(4, '0')
    }
    return text
  }
  return `${hex(8)}-${hex(4)}-4${hex(4).slice(1)}-a${hex(4).slice(1)}-${hex(12)}`
}
