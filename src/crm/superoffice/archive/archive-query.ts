/** A page of an archive. */
export interface ArchiveQuery {
  /** `dynamic`, or the name of a provider. */
  readonly provider: string
  readonly select: readonly string[]
  readonly filter: string
  readonly orderBy: string
  readonly top: number
  /** Columns among the selected that an installation may lack, and that can be done without. */
  readonly mayLack?: readonly string[]
  /** For counting. */
  readonly name: string
}
