import { fstatSync } from 'node:fs'
import { programOptions, refuseOption } from './program-options.js'

const USAGE =
  "[--port N] [--options '{…}'] [--detached]\ndocs/simulators.md and docs/simulators-superoffice.md list the options."

export interface RunnableSimulator {
  readonly url: string
  readonly controlUrl: string
  /** Keys and tokens that a client needs; added to the ready line. */
  readonly handedOut?: Readonly<Record<string, unknown>>
  close(): Promise<void>
}

/**
 * Runs a stand-in as a process. It prints one JSON line when ready, and stops on SIGTERM or SIGINT, when a piped stdin
 * ends, and when its parent has ended (`--detached` turns the last two off). Options are `--port N` and `--options
 * '{...}'`.
 */
export async function runProcess(
  start: (port: number, options: Record<string, unknown>) => Promise<RunnableSimulator>,
): Promise<void> {
  const { values } = programOptions(USAGE, {
    options: {
      port: { type: 'string', default: '0' },
      options: { type: 'string', default: '{}' },
      detached: { type: 'boolean', default: false },
    },
  })
  const options = objectIn(values.options)
  const running = await start(Number(values.port), options).catch(endWith)
  let stopping = false
  const stop = (): void => {
    if (!stopping) {
      stopping = true
      void running.close().finally(() => process.exit(0))
    }
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  if (!values.detached) {
    stopWithParent(stop)
  }
  const { url, controlUrl, handedOut } = running
  const ready = { ready: true, url, controlUrl, ...handedOut }
  process.stdout.write(`${JSON.stringify(ready)}\n`)
}

function objectIn(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return refuseOption('--options is not JSON.', USAGE)
  }
}

/** Node itself would print a line of the source before the cause. */
function endWith(error: Error): never {
  process.stderr.write(`${error.stack}\n`)
  process.exit(1)
}

/** Only the end of a pipe is a signal: /dev/null ends immediately, and a terminal is shared. */
function stopWithParent(stop: () => void): void {
  const kind = fstatSync(0)
  if (kind.isFIFO() || kind.isSocket()) {
    process.stdin.on('end', stop)
    process.stdin.on('error', stop)
    process.stdin.resume()
  }
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) {
      stop()
    }
  }, 1000).unref()
}
