/** Names of everything that is created in a customer's environment (rule D1; docs/wire-dataverse.md, 0 and 16). */

/** Logical name of the table with a row per contact and category. */
export const SUBSCRIPTIONS_TABLE = 'em_subscriptions'

/** Logical name of the table with a row per category. */
export const CATEGORIES_TABLE = 'em_subscriptioncategories'

/** Our publisher: unique name. */
export const PUBLISHER = 'emarketeer'

/** Our publisher's prefix, of every name that we create. */
export const PREFIX = 'em'

/** Our solution: unique name. Everything we create is put into it, so that the customer can find and remove it. */
export const SOLUTION = 'emarketeersync'

/** Relationship contact → subscription rows. */
export const CONTACT_RELATIONSHIP = 'em_contact_em_subscriptions'

/** Relationship category → subscription rows. */
export const CATEGORY_RELATIONSHIP = 'em_category_em_subscriptions'

/** Header that puts new components into our solution. */
export const IN_OUR_SOLUTION = { 'mscrm.solutionuniquename': SOLUTION } as const

/** Reads definitions past the service's cache of about 30 s. */
export const STRONG = { consistency: 'Strong' } as const
