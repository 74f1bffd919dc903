/** Codes by which a CRM refuses us until a person has mended something; every other tripped breaker is reset by time alone. */
export const REFUSAL_CODES = ['crm_auth_failed', 'crm_tenant_deleted'] as const

/** One of {@link REFUSAL_CODES}. */
export type RefusalCode = (typeof REFUSAL_CODES)[number]

/** The CRM refuses us: nothing can be read until a person has mended it. */
export interface Refusal {
  readonly code: RefusalCode
  /** In plain words: since when, what is refused, and what to do. */
  readonly message: string
}

/** Whether a code of the catalogue is a refusal. */
export function isRefusalCode(code: string | null | undefined): code is RefusalCode {
  return REFUSAL_CODES.some((refusal) => refusal === code)
}
