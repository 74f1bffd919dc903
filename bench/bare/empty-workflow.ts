/** Does nothing, for a worker that has nothing else. */
export function emptyWorkflow(): Promise<void> {
  return Promise.resolve()
}
