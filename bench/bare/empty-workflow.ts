/** Does nothing. */
export function emptyWorkflow(): Promise<void> {
  return Promise.resolve()
}
