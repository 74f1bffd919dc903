/**
 * Room for bodies in memory, shared out by key: no one key takes more than its share, and all together no more than
 * there is. In bytes.
 */
export class BodyRoom {
  private readonly taken = new Map<string, number>()
  private total = 0

  constructor(
    private readonly bytes: number,
    private readonly bytesPerKey: number,
  ) {}

  /** Takes room. @returns what gives it back, once; null where there is none. */
  take(key: string, bytes: number): (() => void) | null {
    const ofKey = this.taken.get(key) ?? 0
    if (ofKey + bytes > this.bytesPerKey || this.total + bytes > this.bytes) {
      return null
    }
    this.change(key, bytes)
    let held = true
    return () => {
      if (held) {
        held = false
        this.change(key, -bytes)
      }
    }
  }

  private change(key: string, bytes: number): void {
    this.total += bytes
    const ofKey = (this.taken.get(key) ?? 0) + bytes
    if (ofKey === 0) {
      this.taken.delete(key)
    } else {
      this.taken.set(key, ofKey)
    }
  }
}
