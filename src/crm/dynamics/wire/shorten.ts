/** Cuts a text to a column's length, which counts UTF-16 units, without cutting a character in two. */
export function shorten(text: string, maxLength: number): string {
  if (text.length <= maxLength) {
    return text
  }
  const cut = text.slice(0, maxLength)
  return /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut
}
