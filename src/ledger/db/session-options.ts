/** The role under which the application works: it may add evidence, and neither change nor remove it. */
export const APPLICATION_ROLE = 'lbsync_app'

/** Settings of a session, as PostgreSQL names them. */
export type SessionSettings = Readonly<Record<string, number>>

/**
 * A PostgreSQL URL whose sessions begin with our settings, then with what the URL itself says in `options`, then under the
 * application's role. Of several values for one setting PostgreSQL takes the last
 * (https://www.postgresql.org/docs/current/app-postgres.html): what the operator set holds over our settings, and nothing in
 * the URL holds over the role. The driver by itself would take the URL's `options` in place of ours.
 */
export function withSessionOptions(databaseUrl: string, settings: SessionSettings): string {
  const url = new URL(databaseUrl)
  const ours = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`)
  const theirs = url.searchParams.getAll('options')
  url.searchParams.delete('options')
  // By hand, since the driver takes `+` for itself where a blank is meant.
  const options = [...ours, ...theirs, `-c role=${APPLICATION_ROLE}`].join(' ')
  const others = url.search.replace(/^\?/, '')
  url.search = [...(others === '' ? [] : [others]), `options=${encodeURIComponent(options)}`].join(
    '&',
  )
  return url.href
}
