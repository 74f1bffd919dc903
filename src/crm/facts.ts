/** What set-up learned about the installation (set names, ids, hashes): JSON, owned by the CRM's folder. */
export type CrmFacts = Readonly<Record<string, unknown>>

/** Seals a connection's own secrets for its facts, which are stored in the clear, and opens them. */
export interface FactSecrets {
  seal(plain: string): string
  /** @throws AppError `environment_invalid`, `value_invalid`: sealed under a missing key, or altered. */
  open(sealed: string): string
}
