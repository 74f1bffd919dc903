/** Ids per block; SuperOffice numbers persons in a row, so that a block of many changes is full. */
const BLOCK = 32 * 128

/**
 * A set of person ids, one bit an id. A reading of everybody's changes holds a million of them in an eighth of a
 * megabyte, where a `Set` takes fifty.
 */
export class PersonIds {
  readonly #blocks = new Map<number, Uint32Array>()

  /** Adds a positive id. @returns whether it is new. */
  add(id: number): boolean {
    const number = Math.floor(id / BLOCK)
    const block = this.#blocks.get(number) ?? new Uint32Array(BLOCK / 32)
    this.#blocks.set(number, block)
    const at = id % BLOCK
    const [word, bit] = [at >>> 5, 1 << (at & 31)]
    const isNew = (block[word]! & bit) === 0
    block[word]! |= bit
    return isNew
  }
}
