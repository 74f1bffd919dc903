/** The application's role: it may add evidence, and neither change nor delete it. */
export const APPLICATION_ROLE = 'lbsync_app'

/** Settings of a session, as PostgreSQL names them. */
export type SessionSettings = Readonly<Record<string, number>>

/**
 * A PostgreSQL URL whose sessions begin with our settings, then the URL's own `options`, then the application's role.
 * PostgreSQL takes the last value of a setting (https://www.postgresql.org/docs/current/app-postgres.html): an
 * operator's setting replaces ours, and nothing replaces the role. The driver alone would drop our options for the
 * URL's.
 */
export function withSessionOptions(databaseUrl: string, settings: SessionSettings): string {
  const url = new URL(databaseUrl)
  const ours = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`)
  const theirs = url.searchParams.getAll('options')
  url.searchParams.delete('options')
  // The driver would take `+` for itself instead of a blank.
  const options = [...ours, ...theirs, `-c role=${APPLICATION_ROLE}`].join(' ')
  const others = url.search.replace(/^\?/, '')
  url.search = [...(others === '' ? [] : [others]), `options=${encodeURIComponent(options)}`].join(
    '&',
  )
  return url.href
}
