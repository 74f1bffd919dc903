/** The application's role. It may add evidence, but neither change nor delete it. */
export const APPLICATION_ROLE = 'lbsync_app'

/** Settings of a session, by PostgreSQL's names. */
export type SessionSettings = Readonly<Record<string, number>>

/**
 * A PostgreSQL URL whose sessions start with our settings, then the URL's own `options`, then the application's role.
 * PostgreSQL uses the last value of a setting (https://www.postgresql.org/docs/current/app-postgres.html): an
 * operator's setting replaces ours, and nothing replaces the role. The driver alone would use only the URL's options
 * and drop ours.
 */
export function withSessionOptions(databaseUrl: string, settings: SessionSettings): string {
  const url = new URL(databaseUrl)
  const ours = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`)
  const theirs = url.searchParams.getAll('options')
  url.searchParams.delete('options')
  // The driver would read `+` as a plus sign, not as a blank.
  const options = [...ours, ...theirs, `-c role=${APPLICATION_ROLE}`].join(' ')
  const others = url.search.replace(/^\?/, '')
  url.search = [...(others === '' ? [] : [others]), `options=${encodeURIComponent(options)}`].join(
    '&',
  )
  return url.href
}
