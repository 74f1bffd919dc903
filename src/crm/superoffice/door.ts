import type { CallContext, Http } from '../../http/index.js'

/** The API's present URL, and the headers that sign in. */
export interface Entry {
  readonly http: Http
  readonly headers: Readonly<Record<string, string>>
}

/**
 * The way into an installation: Online by tenant status and tickets, on site by user and password. It repeats a call
 * only if the server refused it before doing anything (401, 421), so this is safe for writes.
 */
export interface Door {
  /** How the database must identify itself (Online: the tenant); null if unknown. */
  readonly contextIdentifier: string | null
  /**
   * Sends one call.
   * @throws what `send` throws; AppError `crm_tenant_unavailable`; UpstreamError of signing in.
   */
  through<T>(context: CallContext, send: (entry: Entry) => Promise<T>): Promise<T>
  /** Forgets that the installation was down, when somebody states that it runs again. */
  lookAfresh(): void
}
