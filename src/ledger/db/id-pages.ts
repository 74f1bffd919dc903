/**
 * Pages of rows in the order of their ids, until one is empty. Only one page is in memory, however many rows there are.
 * @param read the rows after an id, in order, at most a page; null: from the start.
 * @throws what `read` throws.
 */
export async function* idPages<Row extends { readonly id: string }>(
  read: (after: string | null) => Promise<readonly Row[]>,
): AsyncGenerator<readonly Row[]> {
  let after: string | null = null
  for (;;) {
    const page: readonly Row[] = await read(after)
    if (page.length === 0) {
      return
    }
    yield page
    after = page.at(-1)!.id
  }
}
