/**
 * Codes by which a CRM refuses us until a person fixes the cause; every other tripped breaker is reset by time alone.
 */
export const REFUSAL_CODES = ['crm_auth_failed', 'crm_tenant_deleted'] as const

export type RefusalCode = (typeof REFUSAL_CODES)[number]

/** A refusal by the CRM: nothing can be read until a person fixes the cause. */
export interface Refusal {
  readonly code: RefusalCode
  /** In plain words: since when, what is refused, and what to do. */
  readonly message: string
}

export function isRefusalCode(code: string | null | undefined): code is RefusalCode {
  return REFUSAL_CODES.some((refusal) => refusal === code)
}
