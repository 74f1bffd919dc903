/** Aborts at the first SIGTERM or SIGINT. A second one ends the process at once, as Node does by itself. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController()
  const names = ['SIGTERM', 'SIGINT'] as const
  const onSignal = () => {
    names.forEach((name) => process.removeListener(name, onSignal))
    stop.abort()
  }
  names.forEach((name) => process.on(name, onSignal))
  return stop.signal
}
