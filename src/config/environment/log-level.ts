/** Levels of LOG_LEVEL, most talkative first. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Unset or empty means `info`. @returns undefined for anything that is no level. */
export function readLogLevel(text: string | undefined): LogLevel | undefined {
  const wanted = text === undefined || text === '' ? 'info' : text.toLowerCase()
  return LOG_LEVELS.find((level) => level === wanted)
}
