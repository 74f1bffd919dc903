import pino from 'pino'
import { readLogLevel, type LogLevel } from './log-level.js'
import { type LogFields, shapeOf, type FieldShape } from './log-fields.js'
import { maskAddresses } from './mask-addresses.js'
import { describeError } from './describe-error.js'

/** Writes one line: fields first, then a message, which is a constant text without values. */
interface Write {
  (message: string): void
  (fields: LogFields, message: string): void
}

/** A subsystem's log. It writes JSON lines to stderr; stdout is for the commands' answers. */
export interface Logger {
  readonly trace: Write
  readonly debug: Write
  readonly info: Write
  readonly warn: Write
  readonly error: Write
  readonly fatal: Write
  /** A log that adds these fields to every line. */
  child(fields: LogFields): Logger
}

/** Where lines go, and the lowest level that is written. */
export interface LogSink {
  readonly level: LogLevel
  readonly destination: pino.DestinationStream
}

type WriteLevel = Exclude<LogLevel, 'silent'>

let droppedInProcess = 0

/** How many fields were dropped since the process started. Above 0, some code logs what it must not. */
export function droppedFieldCount(): number {
  return droppedInProcess
}

/** Creates loggers that write to `sink`. Tests pass their own; the process has one on stderr. */
export function createLoggerFactory(sink: LogSink): (subsystem: string) => Logger {
  const root = pino(
    {
      level: sink.level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      // Errors are already described; pino's own serializer would change them.
      serializers: { err: (described: unknown) => described },
      formatters: { level: (label) => ({ level: label }) },
    },
    sink.destination,
  )
  return (subsystem) => createLogger(root, subsystem, {})
}

function createLogger(root: pino.Logger, subsystem: string, bound: LogFields): Logger {
  const writeAt =
    (level: WriteLevel): Write =>
    (given: LogFields | string, text?: string) => {
      if (!root.isLevelEnabled(level)) {
        return
      }
      const [fields, message] = typeof given === 'string' ? [{}, given] : [given, text ?? '']
      const line = sanitizeFields({ ...bound, ...fields })
      droppedInProcess += line.dropped
      root[level](
        {
          subsystem,
          ...line.fields,
          ...(line.dropped === 0 ? {} : { droppedFields: line.dropped }),
        },
        // An argument instead of a format string, so that a '%' in a text is only a '%'.
        '%s',
        maskAddresses(message),
      )
    }
  return {
    trace: writeAt('trace'),
    debug: writeAt('debug'),
    info: writeAt('info'),
    warn: writeAt('warn'),
    error: writeAt('error'),
    fatal: writeAt('fatal'),
    child: (fields) => createLogger(root, subsystem, { ...bound, ...fields }),
  }
}

let processFactory: ((subsystem: string) => Logger) | undefined

/**
 * The log of one subsystem: `const log = logger('sync')`, then `log.info({ connectionId }, 'batch done')`.
 *
 * It writes synchronously, so that the last line before an exit is written. An invalid LOG_LEVEL counts as `info` here;
 * {@link readEnvironment} refuses it.
 */
export function logger(subsystem: string): Logger {
  processFactory ??= createLoggerFactory({
    level: readLogLevel(process.env['LOG_LEVEL']) ?? 'info',
    destination: createStderr(),
  })
  return processFactory(subsystem)
}

/** What waits to be written while the disk of stderr is full; lines beyond it are lost. */
const MAX_WAITING_BYTES = 1_000_000

function createStderr(): pino.DestinationStream {
  const stderr = pino.destination({ fd: 2, sync: true, maxLength: MAX_WAITING_BYTES })
  // Without a listener, a line that cannot be written would end the process and the work that it tells of.
  stderr.on('error', () => undefined)
  return stderr
}

/** Ids, codes and paths are short; a longer text is a mistake. */
const MAX_TEXT = 300

/** The most entries of a counts map, and of words in a list. */
const MAX_ENTRIES = 50

/** Keys of a counts map are our own words (`consentWithdrawn`). A map keyed by address is refused. */
const COUNT_KEY = /^[A-Za-z][\w.:-]{0,63}$/

/** The allowed fields of a line, and how many were dropped. */
export interface SanitizedFields {
  readonly fields: Readonly<Record<string, unknown>>
  readonly dropped: number
}

/**
 * Keeps the known fields whose values have the right shape, and counts the others. Does not keep the names of dropped
 * fields.
 */
function sanitizeFields(given: object): SanitizedFields {
  const fields: Record<string, unknown> = {}
  let dropped = 0
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) {
      continue
    }
    const shape = shapeOf(name)
    const kept = shape === undefined ? undefined : value === null ? null : keep(shape, value)
    if (kept === undefined) {
      dropped += 1
    } else {
      fields[name] = kept
    }
  }
  return { fields, dropped }
}

/** @returns undefined if the value does not have the field's shape. */
function keep(shape: FieldShape, value: unknown): unknown {
  switch (shape) {
    case 'text':
      return typeof value === 'string' ? shortText(value) : undefined
    case 'number':
      return typeof value === 'number' ? value : undefined
    case 'flag':
      return typeof value === 'boolean' ? value : undefined
    case 'counts':
      return keepCounts(value)
    case 'list':
      return Array.isArray(value) && value.every((word) => typeof word === 'string')
        ? value.slice(0, MAX_ENTRIES).map(shortText)
        : undefined
    case 'error':
      return describeError(value)
  }
}

function keepCounts(value: unknown): Record<string, number> | undefined {
  if (typeof value !== 'object' || value === null) {
    return undefined
  }
  const entries = Object.entries(value).slice(0, MAX_ENTRIES)
  return entries.every(([key, count]) => COUNT_KEY.test(key) && typeof count === 'number')
    ? (Object.fromEntries(entries) as Record<string, number>)
    : undefined
}

/** Characters that control a terminal, on which people also read logs. JSON escapes only some of them. */
const STEERING = /[\p{Cc}\u2028-\u202E\u2066-\u2069]+/gu

function shortText(text: string): string {
  const masked = maskAddresses(text).replace(STEERING, ' ')
  return masked.length > MAX_TEXT ? `${masked.slice(0, MAX_TEXT)}…` : masked
}
