/** A list in two, the first as long as the second or one longer; of one value or none, the second is empty. */
export function halvesOf<T>(values: readonly T[]): readonly [readonly T[], readonly T[]] {
  const middle = Math.ceil(values.length / 2)
  return [values.slice(0, middle), values.slice(middle)]
}
