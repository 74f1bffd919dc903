/**
 * Yields the same pages, but requests each page while its user works on the page before it: never more than one page
 * ahead, one request at a time. If a page cannot be read, the error is thrown after the pages before it. If the user
 * stops early, the request in progress is awaited first, so nothing is read after the end.
 * @throws what `pages` throws.
 */
export async function* oneAhead<T>(pages: AsyncIterable<T>): AsyncGenerator<T> {
  const reader = pages[Symbol.asyncIterator]()
  try {
    let next = reader.next()
    for (;;) {
      const page = await next
      if (page.done === true) {
        return
      }
      next = reader.next()
      // An error is thrown by `await next`. Until then, Node must not take it for an unhandled rejection.
      next.catch(() => undefined)
      yield page.value
    }
  } finally {
    await reader.return?.()
  }
}
