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

/**
 * Works on each page while the page before it is still being worked on: two at once, begun in order. No page is begun after
 * work that failed or resolved to false. Ends after all work has ended, also if some failed.
 * @throws the first failure, of a page or of the work.
 */
export async function eachOverlapping<T>(
  pages: AsyncIterable<T>,
  work: (page: T) => Promise<boolean>,
): Promise<void> {
  let before = Promise.resolve(true)
  let goesOn = true
  try {
    for await (const page of pages) {
      if (!goesOn) {
        break
      }
      const now = work(page)
      // A failure is thrown by `await before` in the next turn, or at the end.
      now.then(
        (isWanted) => (goesOn &&= isWanted),
        () => (goesOn = false),
      )
      const last = before
      before = now
      if (!(await last)) {
        break
      }
    }
  } catch (error) {
    await before.catch(() => false)
    throw error
  }
  await before
}
