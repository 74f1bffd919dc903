import { z } from 'zod'

/** Goes into workflow ids and audience keys, hence the few characters. */
export const SENDOUT_ID = /^[A-Za-z0-9._:-]{1,200}$/

/** Ids of eMarketeer are opaque text without blanks (docs/wire-emarketeer.md, common rules). */
const emarketeerId = z
  .string('must be text, in quotes')
  .regex(/^[A-Za-z0-9._:-]{1,100}$/, 'must be 1 to 100 letters, digits, ".", "_", ":" and "-"')

const time = z.iso.datetime('must be a time in UTC such as 2026-11-21T10:00:00Z')

/**
 * Shape of a pre-send request, field by field. What holds between fields is checked apart, for its codes.
 * The number of contact ids is, too.
 */
export const preSendSchema = z.strictObject({
  connectionId: z
    .string('must be text')
    .regex(/^[a-z0-9-]{3,64}$/, 'must be 3 to 64 of a–z, 0–9 and "-"')
    .exactOptional(),
  accountId: z
    .string('must be text, in quotes')
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, "-" and "_"')
    .exactOptional(),
  sendoutId: z
    .string('must be text')
    .regex(SENDOUT_ID, 'must be 1 to 200 letters, digits, ".", "_", ":" and "-"'),
  campaignId: emarketeerId.exactOptional(),
  componentId: emarketeerId.exactOptional(),
  contactIds: z.array(emarketeerId).min(1, 'must name at least one contact').exactOptional(),
  channel: z.enum(['email', 'sms'], 'must be email or sms').exactOptional(),
  categoryId: emarketeerId.nullable().exactOptional(),
  transactional: z.boolean('must be true or false').exactOptional(),
  stage: z.enum(['checklist', 'send'], 'must be checklist or send'),
  startAt: time.nullable().exactOptional(),
  deadline: time.exactOptional(),
  onUnverified: z.enum(['exclude', 'abort'], 'must be exclude or abort').exactOptional(),
})
