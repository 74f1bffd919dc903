import { AppError } from '../contracts/app-error.js'

let stopped: AppError | null = null

/** The signal that stopped this process, as an error; null: none, or {@link stopSignal} was not called. */
export function interruption(): AppError | null {
  return stopped
}

/**
 * Aborts at the first SIGTERM, SIGINT or SIGHUP, with the AppError `interrupted` as reason. A second signal ends the
 * process immediately, which is Node's default.
 */
export async function stopSignal(): Promise<AbortSignal> {
  // Loaded now, because it reports how the command ended. A checkout compiles a file when it is loaded, in a process
  // that Ctrl-C also ends.
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
