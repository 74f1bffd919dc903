import type pg from 'pg'
import { AppError } from '../../contracts/app-error.js'
import { APPLICATION_ROLE } from './session-options.js'

/** The tables of evidence: rows are added, never changed or deleted. */
export const EVIDENCE_TABLES: readonly string[] = [
  'consent_events',
  'consent_event_outcomes',
  'overrides',
]

/**
 * Every role that the login is or can take (`SET ROLE`), and a right that it must not have. An owner can disable
 * triggers, a role that creates roles can make itself an owner, and TRIGGER allows a trigger that changes inserted
 * rows.
 */
const TOO_MUCH = `
  WITH evidence AS (
    SELECT c.oid, c.relname, c.relowner FROM pg_class c WHERE c.oid IN (SELECT to_regclass(name) FROM unnest($1::text[]) name)
  ), owners AS (
    SELECT relowner AS owner, 'owns ' || relname AS what FROM evidence
    UNION ALL SELECT nspowner, 'owns the schema' FROM pg_namespace WHERE oid = current_schema()::regnamespace
    UNION ALL SELECT datdba, 'owns the database' FROM pg_database WHERE datname = current_database()
  ), reachable AS (
    SELECT oid, rolname, rolsuper, rolcreaterole FROM pg_roles WHERE pg_has_role(session_user, oid, 'MEMBER')
  )
  SELECT session_user::text AS login, current_user::text AS role, coalesce((
    SELECT r.rolname || ' ' || found.what FROM reachable r CROSS JOIN LATERAL (
      SELECT 'is a superuser' AS what, 1 AS rank WHERE r.rolsuper
      UNION ALL SELECT what, 2 FROM owners WHERE owner = r.oid
      UNION ALL SELECT 'may change ' || relname, 3 FROM evidence
        WHERE has_table_privilege(r.oid, oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER') OR has_any_column_privilege(r.oid, oid, 'UPDATE')
      UNION ALL SELECT 'may make roles', 4 WHERE r.rolcreaterole
      UNION ALL SELECT 'may write the files of the server', 5
        WHERE r.rolname IN ('pg_write_server_files', 'pg_execute_server_program')
    ) found ORDER BY r.rolname = session_user DESC, found.rank, r.rolname, found.what LIMIT 1), '') AS reason`

/**
 * Refuses a session whose login could change evidence, or that does not work under the application's role. It runs for
 * each connection, because a pooler may drop the role and rights may be granted while a process runs.
 * @throws AppError `database_login_unfit`, which names the login and the right.
 */
export async function refuseUnfitLogin(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ login: string; role: string; reason: string }>(TOO_MUCH, [
    EVIDENCE_TABLES,
  ])
  const { login = '', role, reason } = rows[0] ?? {}
  if (reason) {
    throw unfit(login, `could change evidence: ${reason}`)
  }
  if (role !== APPLICATION_ROLE) {
    throw unfit(login, `does not work as ${APPLICATION_ROLE}, but as ${String(role)}`)
  }
}

function unfit(login: string, what: string): AppError {
  return new AppError('database_login_unfit', `The login ${login} ${what}.`, {
    path: 'DATABASE_URL',
    value: login,
  })
}
