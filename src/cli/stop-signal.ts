import { AppError } from '../contracts/app-error.js'

/**
 * Aborts at the first SIGTERM, SIGINT or SIGHUP, with the AppError `interrupted` for whoever cannot end well by then. A
 * second one ends the process at once, as Node does by itself.
 */
export function stopSignal(): AbortSignal {
  const stop = new AbortController()
  const names = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
  const onSignal = (name: NodeJS.Signals) => {
    names.forEach((each) => process.removeListener(each, onSignal))
    stop.abort(new AppError('interrupted', `Interrupted by ${name}.`))
  }
  names.forEach((name) => process.on(name, onSignal))
  return stop.signal
}
