import { z } from 'zod'
import { MAX_ROWS, rowsUpTo } from '../../http/index.js'
import type {
  Account,
  Audience,
  AudienceMember,
  Category,
  WebhookRegistration,
} from '../account.js'
import { CHANGE_TYPES, type ChangeType } from '../vocabulary.js'
import { id, isoTime, textOrNull } from './primitives.js'

/** Answer of B1. */
export const account = z
  .object({
    accountId: id,
    name: z.string(),
    sending: z.object({ requirePositiveConsent: z.boolean() }),
    egress: z.object({ ips: z.array(z.string()), proxyUrl: z.string().nullable() }),
    feed: z.object({ retentionDays: z.int().positive() }),
    updatedAt: isoTime,
  })
  .transform(({ accountId, name, sending, egress, feed, updatedAt }): Account => ({
    accountId,
    name,
    requirePositiveConsent: sending.requirePositiveConsent,
    egress,
    feedRetentionDays: feed.retentionDays,
    updatedAtMs: updatedAt,
  }))

/** In one line: it goes into the CRM, whose forms and lists take no control characters. */
const categoryName = z.string().transform((name) => name.replace(/\p{Cc}+/gu, ' ').trim())

/** Answer of B5. */
export const categories = z.object({
  items: rowsUpTo(
    MAX_ROWS,
    z
      .object({
        id,
        name: categoryName,
        createdAt: isoTime,
        updatedAt: isoTime,
        archived: z.boolean(),
      })
      .transform((item): Category => ({
        categoryId: item.id,
        name: item.name,
        createdAtMs: item.createdAt,
        updatedAtMs: item.updatedAt,
        archived: item.archived,
      })),
  ),
})

/** Answer of B6, creation. */
export const audience = z
  .object({
    audienceId: id,
    sendoutId: id,
    campaignId: id,
    componentId: id,
    channel: z.enum(['email', 'sms']),
    categoryId: id.nullable(),
    transactional: z.boolean(),
    total: z.int().nonnegative(),
    fixedAt: isoTime,
    expiresAt: isoTime,
  })
  .transform(({ fixedAt, expiresAt, ...rest }): Audience => ({
    ...rest,
    fixedAtMs: fixedAt,
    expiresAtMs: expiresAt,
  }))

/** A member that does not fit is nobody whom anything could be sent to; it stays one of those who were targeted. */
const NOBODY: AudienceMember = { contactId: '', email: null, mobile: null }

/** Answer of B6, members. */
export const audiencePage = z.object({
  items: rowsUpTo(
    MAX_ROWS,
    z.object({ contactId: id, email: z.string().nullable(), mobile: textOrNull }).catch(NOBODY),
  ),
  nextCursor: z.string().nullable(),
  total: z.int().nonnegative(),
})

const registration = z.object({
  url: z.string(),
  /** Event types that we do not know are nothing we can have asked for. */
  events: z
    .array(z.string())
    .transform((events) =>
      events.filter((event): event is ChangeType =>
        (CHANGE_TYPES as readonly string[]).includes(event),
      ),
    ),
  status: z.enum(['active', 'disabled']),
  createdAt: isoTime,
})

/** Answer of B7, GET. */
export const webhook = registration.transform(({ createdAt, ...rest }): WebhookRegistration => ({
  ...rest,
  createdAtMs: createdAt,
}))

/** Answer of B7, PUT. */
export const webhookWithSecret = registration
  .extend({ secret: z.string().min(1) })
  .transform(({ createdAt, ...rest }) => ({ ...rest, createdAtMs: createdAt }))

/** Answer of B7, rotation. */
export const rotatedSecret = z.object({ secret: z.string().min(1) })
