/** Levels of LOG_LEVEL, most verbose first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Reads a level; unset or empty means `info`. @returns undefined for any other text. */
export function readLogLevel(text: string | undefined): LogLevel | undefined {
  const wanted = text === undefined || text === '' ? 'info' : text.toLowerCase()
  return LOG_LEVELS.find((level) => level === wanted)
}
