import type { CallContext, Http } from '../../http/index.js'

/** Where the API is at this moment, and the headers that let us in. */
export interface Entry {
  readonly http: Http
  readonly headers: Readonly<Record<string, string>>
}

/**
 * The way into an installation: Online with its tenant status and tickets, on site with a user and a password. It
 * repeats a call only where the server refused it before doing anything (401, 421), so that this is safe for writes.
 */
export interface Door {
  /** What the database must name itself (Online: the tenant); null where nothing is known. */
  readonly contextIdentifier: string | null
  /**
   * Lets one call through.
   * @throws what `send` throws; AppError `crm_tenant_unavailable`; UpstreamError of signing in.
   */
  through<T>(context: CallContext, send: (entry: Entry) => Promise<T>): Promise<T>
  /** Somebody says that it runs again: that it did not is forgotten, however long that was to hold. */
  lookAfresh(): void
}
