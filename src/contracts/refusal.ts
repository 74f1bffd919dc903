/**
 * Codes of a CRM's refusal that lasts until a person removes the cause. Every other tripped breaker resets after its
 * time.
 */
export const REFUSAL_CODES = ['crm_auth_failed', 'crm_tenant_deleted'] as const

export type RefusalCode = (typeof REFUSAL_CODES)[number]

/** A refusal by the CRM: nothing can be read until a person removes the cause. */
export interface Refusal {
  readonly code: RefusalCode
  /** For people: since when, what is refused, and the remedy. */
  readonly message: string
}

export function isRefusalCode(code: string | null | undefined): code is RefusalCode {
  return REFUSAL_CODES.some((refusal) => refusal === code)
}
