import { AppError } from '../contracts/app-error.js'

let stopped: AppError | null = null
let endAtStop: ((name: NodeJS.Signals) => void) | null = null

/** The signal that stopped this process, as an error; null: none, or {@link stopSignal} was not called. */
export function interruption(): AppError | null {
  return stopped
}

/**
 * What would end the process, and can be caught: from process managers, terminals (SIGINT, SIGQUIT, SIGHUP) and tools
 * that restart on a change of the sources (SIGUSR2).
 */
const STOPS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const

/**
 * Ends the process at the first stop signal once `report` has told of it, until {@link stopSignal} takes over: a command
 * that only asks and waits has nothing to end in order.
 * @param report gets the AppError `interrupted`.
 * @returns ends this.
 */
export function endAtStopSignal(report: (error: AppError) => Promise<unknown>): () => void {
  endAtStop = (name) => {
    release()
    const error = (stopped = new AppError('interrupted', `Interrupted by ${name}.`))
    void report(error).finally(() => process.exit(error.kind.exitCode))
  }
  STOPS.forEach((name) => process.on(name, endAtStop!))
  return release
}

function release(): void {
  const listener = endAtStop
  if (listener !== null) {
    STOPS.forEach((name) => process.removeListener(name, listener))
  }
  endAtStop = null
}

/**
 * Aborts at the first stop signal ({@link STOPS}), with the AppError `interrupted` as reason. A second one ends the
 * process immediately, which is Node's default.
 */
export async function stopSignal(): Promise<AbortSignal> {
  // Loaded now, because it reports how the command ended. A checkout compiles a file when it is loaded, in a process
  // that Ctrl-C also ends.
  await import('./errors/report-error.js')
  const stop = new AbortController()
  const onSignal = (name: NodeJS.Signals) => {
    STOPS.forEach((each) => process.removeListener(each, onSignal))
    stopped = new AppError('interrupted', `Interrupted by ${name}.`)
    stop.abort(stopped)
  }
  STOPS.forEach((name) => process.on(name, onSignal))
  release()
  return stop.signal
}
