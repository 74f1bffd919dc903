import {
  type ErrorDescription,
  jsonOrUndefined,
  SMALL_ANSWER,
  type TextAnswer,
  type UpstreamCode,
} from '../../../http/index.js'
import { knownError, PRIVILEGE_CODES } from './error-codes.js'

/** Codes are HRESULTs; anything else may be a value and is not shown. */
const CODE = /^0x8[0-9a-f]{7}$/i

/** The only part of a message that is read, and only to show it: the missing privilege's name. */
const MISSING_PRIVILEGE = /\b(prv[A-Za-z0-9_]{1,80})\b/

/** The code of an error body, `{"error":{"code","message"}}`; null if empty, as it often is. */
export function errorCodeOf(body: string): string | null {
  const code = errorOf(body)?.code
  return typeof code === 'string' && CODE.test(code) ? code.toLowerCase() : null
}

/** Describes a refused request for `src/http` (docs/wire-dataverse.md, 3). */
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

/** 429, 401 and 5xx are clear; below them a known code is more precise than its status. */
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
