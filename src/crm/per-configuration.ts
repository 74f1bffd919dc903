import { createHash } from 'node:crypto'

/** One object for each configuration, for the life of the process: sessions are opened for each activity and share it. */
export class PerConfiguration<T> {
  readonly #made = new Map<string, T>()

  /** The configuration's object. @param make gets the configuration's hash, which shows none of its secrets. */
  of(config: object, make: (key: string) => T): T {
    const key = createHash('sha256')
      .update(JSON.stringify(Object.entries(config).sort()))
      .digest('hex')
    const made = this.#made.get(key) ?? make(key)
    this.#made.set(key, made)
    return made
  }
}
