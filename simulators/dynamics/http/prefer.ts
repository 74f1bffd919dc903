/** The preferences in a `Prefer` header (wire page, section 3). */
export interface Preferences {
  readonly maxPageSize?: number
  readonly trackChanges: boolean
  readonly returnRepresentation: boolean
  readonly continueOnError: boolean
  readonly annotations: boolean
}

/** Reads one header with comma-separated preferences; ignores unknown ones. */
export function parsePrefer(header: string | undefined): Preferences {
  const wishes = (header ?? '').split(',').map((wish) => wish.trim())
  const has = (name: string): boolean => wishes.some((wish) => wish.toLowerCase() === name)
  const size = wishes
    .map((wish) => /^odata\.maxpagesize=(\d+)$/i.exec(wish)?.[1])
    .find((text) => text !== undefined)
  return {
    ...(size === undefined ? {} : { maxPageSize: Number(size) }),
    trackChanges: has('odata.track-changes'),
    returnRepresentation: has('return=representation'),
    continueOnError: has('odata.continue-on-error'),
    annotations: wishes.some((wish) => wish.startsWith('odata.include-annotations=')),
  }
}
