/** What a {@link ByAddress} holds: its id and its address. */
interface Addressed {
  readonly id: string
  readonly email: string | null
}

/** Records by their address, in the order in which they were made. Whoever changes an address says so. */
export class ByAddress<T extends Addressed> {
  private readonly byEmail = new Map<string, T[]>()
  private readonly order = new Map<string, number>()

  add(record: T): void {
    this.order.set(record.id, this.order.size)
    this.put(record)
  }

  /** @param email the address that it has had. */
  moved(record: T, email: string | null): void {
    this.take(record, email)
    this.put(record)
  }

  remove(record: T): void {
    this.take(record, record.email)
  }

  at(email: string): readonly T[] {
    return this.byEmail.get(email) ?? []
  }

  private put(record: T): void {
    if (record.email !== null) {
      const there = [...this.at(record.email), record]
      const placeOf = ({ id }: T) => this.order.get(id)!
      this.byEmail.set(
        record.email,
        there.sort((a, b) => placeOf(a) - placeOf(b)),
      )
    }
  }

  private take(record: T, email: string | null): void {
    if (email !== null) {
      this.byEmail.set(
        email,
        this.at(email).filter((one) => one !== record),
      )
    }
  }
}
