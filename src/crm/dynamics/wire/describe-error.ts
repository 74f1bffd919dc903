import {
  type ErrorDescription,
  jsonOrUndefined,
  SMALL_ANSWER,
  type TextAnswer,
  type UpstreamCode,
} from '../../../http/index.js'
import { knownError, PRIVILEGE_CODES } from './error-codes.js'

/** Codes are failures of Windows' kind; anything else is not shown, as it might be a value. */
const CODE = /^0x8[0-9a-f]{7}$/i

/** The only part of a message that is read, and only to show it: the missing privilege's name. */
const MISSING_PRIVILEGE = /\b(prv[A-Za-z0-9_]{1,80})\b/

/** The code of an error body, `{"error":{"code","message"}}`; frequently empty, then null. */
export function errorCodeOf(body: string): string | null {
  const code = errorOf(body)?.code
  return typeof code === 'string' && CODE.test(code) ? code.toLowerCase() : null
}

/** Describes a refused request for the HTTP plumbing (docs/wire-dataverse.md, 3). */
export function describeDataverseError(answer: TextAnswer): ErrorDescription {
  const upstreamCode = errorCodeOf(answer.body)
  const message = errorOf(answer.body)?.message
  const privilege =
    upstreamCode !== null && PRIVILEGE_CODES.includes(upstreamCode) && typeof message === 'string'
      ? MISSING_PRIVILEGE.exec(message)?.[1]
      : undefined
  return {
    upstreamCode,
    code: overridingCode(answer.status, upstreamCode),
    paths: privilege === undefined ? [] : [privilege],
  }
}

/** 429, 401 and 5xx speak for themselves; below them a known code says more than its status. */
function overridingCode(status: number, upstreamCode: string | null): UpstreamCode | undefined {
  if (status === 401 || status === 429 || status >= 500) {
    return undefined
  }
  return knownError(upstreamCode)?.outcome
}

function errorOf(body: string): { code?: unknown; message?: unknown } | null {
  const parsed = jsonOrUndefined(body, SMALL_ANSWER.elements)
  const error = (parsed as { error?: unknown } | null | undefined)?.error
  return typeof error === 'object' && error !== null ? error : null
}
