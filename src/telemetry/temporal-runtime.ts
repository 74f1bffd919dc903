import {
  SdkComponent,
  type LogLevel,
  type LogMetadata,
  type Logger as TemporalLogger,
} from '@temporalio/common'
import { Runtime } from '@temporalio/worker'
import { shapeOf } from './log-fields.js'
import { logger, type Logger } from './logger.js'

/**
 * Passes Temporal's log lines (workers, workflows, activities, the native core) to our log. Temporal's fields that our
 * list does not contain are removed before they count as dropped, because they are not a mistake of our code.
 */
export function createTemporalLogger(target: Logger): TemporalLogger {
  const log = (level: LogLevel, message: string, meta: LogMetadata = {}): void => {
    const known = Object.fromEntries(
      Object.entries(meta)
        .map(([name, value]) => [camelCase(name), value] as const)
        .filter(([name]) => shapeOf(name) !== undefined),
    )
    const fields = 'error' in meta ? { ...known, err: errorOf(meta) } : known
    switch (level) {
      case 'TRACE':
        return target.trace(fields, message)
      case 'DEBUG':
        return target.debug(fields, message)
      case 'INFO':
        return target.info(fields, message)
      case 'WARN':
        return target.warn(fields, message)
      case 'ERROR':
        return target.error(fields, message)
    }
  }
  return {
    log,
    trace: (message, meta) => log('TRACE', message, meta),
    debug: (message, meta) => log('DEBUG', message, meta),
    info: (message, meta) => log('INFO', message, meta),
    warn: (message, meta) => log('WARN', message, meta),
    error: (message, meta) => log('ERROR', message, meta),
  }
}

/** The native core names its fields in snake case. */
function camelCase(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** The native core describes an error in its own text, without payload. Any other text may contain anything. */
function errorOf({ error, sdkComponent }: LogMetadata): unknown {
  if (typeof error !== 'string' || sdkComponent !== SdkComponent.core) {
    return error
  }
  return Object.assign(new Error(error), { name: 'CoreError', stack: undefined })
}

let installed = false

/**
 * Installs Temporal's runtime with our log, once per process. Call it before the first native connection or worker:
 * later Temporal refuses it, and its lines would go to stderr without the allow-list.
 * @throws Temporal's IllegalStateError if another runtime already exists. Not retryable.
 */
export function installTemporalRuntime(): void {
  if (installed) {
    return
  }
  Runtime.install({
    // Ours stop the process in order (src/cli/stop-signal.ts). Temporal's would end its workers behind our back.
    shutdownSignals: [],
    logger: createTemporalLogger(logger('temporal')),
    telemetryOptions: { logging: { filter: { core: 'WARN', other: 'WARN' }, forward: {} } },
  })
  installed = true
}
