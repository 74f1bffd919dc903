import { AppError } from '../contracts/app-error.js'

let stopped: AppError | null = null

/** The signal that stopped this process, as an error; null: none, or {@link stopSignal} was not called. */
export function interruption(): AppError | null {
  return stopped
}

/**
 * Aborts at the first SIGTERM, SIGINT or SIGHUP, with the AppError `interrupted` for whoever cannot end well by then. A
 * second one ends the process at once, as Node does by itself.
 */
export async function stopSignal(): Promise<AbortSignal> {
  // It reports how the command ended. A checkout compiles a file when it is loaded, by a process that Ctrl-C ends too.
  await import('./errors/report-error.js')
  const stop = new AbortController()
  const names = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const
  const onSignal = (name: NodeJS.Signals) => {
    names.forEach((each) => process.removeListener(each, onSignal))
    stopped = new AppError('interrupted', `Interrupted by ${name}.`)
    stop.abort(stopped)
  }
  names.forEach((name) => process.on(name, onSignal))
  return stop.signal
}
