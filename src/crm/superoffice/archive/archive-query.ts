/** A page of an archive. */
export interface ArchiveQuery {
  /** `dynamic`, or the name of a provider. */
  readonly provider: string
  readonly select: readonly string[]
  readonly filter: string
  readonly orderBy: string
  readonly top: number
  /** Selected columns that an installation may lack, and that the caller can do without. */
  readonly mayLack?: readonly string[]
  /** For the tally. */
  readonly name: string
}
