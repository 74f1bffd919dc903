import { AppError } from '../../contracts/app-error.js'
import type { PreSendRequest } from '../../contracts/pre-send.js'

/** The connection of a pre-send, and its account. */
export interface Asked {
  readonly connectionId: string
  readonly accountId: string
}

/**
 * Only the same account may join or control a pre-send.
 * @param ours null: the pre-send ended before its account was known. @param theirs null: not known.
 * @throws AppError `sendout_of_another_account`, which discloses nothing more; not retryable.
 */
export function refuseOtherAccount(ours: string | null, theirs: string | null): void {
  if (ours === null || ours !== theirs) {
    throw new AppError('sendout_of_another_account', 'This sendout runs for another account.', {
      path: 'sendoutId',
    })
  }
}

/** Keys of a request, except those of its owner, with their defaults. */
const DEFAULTS = {
  sendoutId: null,
  stage: null,
  campaignId: null,
  componentId: null,
  contactIds: null,
  channel: null,
  categoryId: null,
  transactional: null,
  startAt: null,
  deadline: null,
  onUnverified: 'exclude',
} as const satisfies Record<Exclude<keyof PreSendRequest, keyof Asked>, string | null>

/** @throws AppError `request_differs`, naming the keys that differ; not retryable. */
export function refuseOtherRequest(ours: PreSendRequest, theirs: PreSendRequest): void {
  const differs = (Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]).filter(
    (key) => comparable(ours, key) !== comparable(theirs, key),
  )
  if (differs.length > 0) {
    throw new AppError(
      'request_differs',
      `A pre-send of this sendout and stage is running with another request: ${differs.join(', ')}.`,
      { path: differs[0]! },
    )
  }
}

function comparable(request: PreSendRequest, key: keyof typeof DEFAULTS): string {
  const value = request[key] ?? DEFAULTS[key]
  if (Array.isArray(value)) {
    return JSON.stringify([...value].sort())
  }
  const isTime = key === 'startAt' || key === 'deadline'
  return JSON.stringify(isTime && value !== null ? Date.parse(String(value)) : value)
}
