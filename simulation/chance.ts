/**
 * Random choices by name: every choice is a hash of the seed and of what is chosen, never the next number of a
 * sequence. So when a failure is shrunk, leaving out an act or a fault changes no other choice.
 */
export class Chance {
  constructor(readonly seed: string) {}

  /** A number from 0 up to, but not including, 1; always the same for the same names. */
  of(...names: readonly (string | number)[]): number {
    let a = 0x811c9dc5
    let b = 0x9e3779b9
    const text = `${this.seed}|${names.join('|')}`
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at)
      a = Math.imul(a ^ code, 0x01000193)
      b = Math.imul(b ^ code, 0x85ebca6b)
      b = (b << 13) | (b >>> 19)
    }
    a ^= b >>> 15
    a = Math.imul(a ^ (a >>> 16), 0x2c1b3c6d)
    a = Math.imul(a ^ (a >>> 12), 0x297a2d39)
    a ^= a >>> 15
    return (a >>> 0) / 0x1_0000_0000
  }

  /** An integer from `from` to `to`, both included. */
  between(from: number, to: number, ...names: readonly (string | number)[]): number {
    return from + Math.floor(this.of(...names) * (to - from + 1))
  }

  /** One of the items. */
  pick<T>(items: readonly T[], ...names: readonly (string | number)[]): T {
    return items[Math.floor(this.of(...names) * items.length)]!
  }

  /** A key of the table, chosen with its weight as probability. */
  weighted<K extends string>(
    weights: Readonly<Partial<Record<K, number>>>,
    ...names: readonly (string | number)[]
  ): K {
    const entries = Object.entries(weights) as [K, number][]
    let left = this.of(...names) * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [key, weight] of entries) {
      left -= weight
      if (left < 0) {
        return key
      }
    }
    return entries.at(-1)![0]
  }
}
