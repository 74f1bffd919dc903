import { z } from 'zod'
import { answer, entries, part } from '../../http/index.js'
import { id, statedId, textOrNull } from './primitives.js'

/** Answer of EM-B1. The status states whether the account exists. */
export const account = answer(
  { name: 'emarketeer.account', operation: 'GET /', lossUnit: 'call' },
  part({}),
)

/** Answer of EM-B5. */
export const categoryPage = answer(
  { name: 'emarketeer.categoryPage', operation: 'GET /categories', lossUnit: 'page' },
  part({ items: entries }),
)

/**
 * An item of EM-B5. Its name becomes one line, because it is written to the CRM, whose forms and lists refuse control
 * characters.
 */
export const category = answer(
  { name: 'emarketeer.category', operation: 'GET /categories', lossUnit: 'record' },
  part({
    id,
    name: z.string().transform((name) => name.replace(/\p{Cc}+/gu, ' ').trim()),
    archived: z.boolean(),
  }).transform(({ id: categoryId, ...rest }) => ({ categoryId, ...rest })),
)

/**
 * Answer of EM-B6, creation. Without a category (null) only total unsubscribes are excluded; an absent value is not
 * null.
 */
export const audience = answer(
  { name: 'emarketeer.audience', operation: 'POST /audiences', lossUnit: 'call' },
  part({
    audienceId: id,
    channel: z.enum(['email', 'sms']),
    categoryId: id.nullable(),
    transactional: z.boolean(),
    sendoutId: statedId,
    campaignId: statedId,
    componentId: statedId,
  }),
)

const AUDIENCE_CONTACTS = 'GET /audiences/{audienceId}/contacts'

export const audiencePage = answer(
  { name: 'emarketeer.audiencePage', operation: AUDIENCE_CONTACTS, lossUnit: 'page' },
  part({
    items: entries,
    nextCursor: z.string().nullable(),
    total: z.int().nullable().catch(null),
  }),
)

export const member = answer(
  { name: 'emarketeer.member', operation: AUDIENCE_CONTACTS, lossUnit: 'record' },
  part({ contactId: id, email: z.string().nullable(), mobile: textOrNull }),
)

/** Answer of EM-B7, GET. */
export const webhook = answer(
  { name: 'emarketeer.webhook', operation: 'GET /webhook', lossUnit: 'call' },
  part({ url: z.string(), status: z.string().catch('unknown') }),
)

const secret = part({ secret: z.string().min(1) })

/** Answer of EM-B7, PUT. */
export const webhookWithSecret = answer(
  { name: 'emarketeer.webhookWithSecret', operation: 'PUT /webhook', lossUnit: 'call' },
  secret,
)

/** Answer of EM-B7, rotation. */
export const rotatedSecret = answer(
  { name: 'emarketeer.rotatedSecret', operation: 'POST /webhook/rotate-secret', lossUnit: 'call' },
  secret,
)
