/** Reach of a privilege. Global is the complete organisation. */
export type Depth = 'Basic' | 'Local' | 'Deep' | 'Global'

/** The application user's privileges: all except those removed. */
export class PrivilegeBook {
  readonly #removed = new Set<string>()
  readonly #depths = new Map<string, Depth>()

  remove(name: string): void {
    this.#removed.add(name.toLowerCase())
  }

  grant(name: string, depth: Depth = 'Global'): void {
    this.#removed.delete(name.toLowerCase())
    this.#depths.set(name.toLowerCase(), depth)
  }

  /** Undefined if the privilege is missing. */
  depth(name: string): Depth | undefined {
    const key = name.toLowerCase()
    return this.#removed.has(key) ? undefined : (this.#depths.get(key) ?? 'Global')
  }
}
