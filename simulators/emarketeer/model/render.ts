import type { Account, Category } from './account.js'
import type { Contact } from './contacts.js'
import type { LoggedChange } from './feed.js'
import { currentValue } from './set-value.js'
import { categoryKey, iso, SYNCED_PURPOSES } from './values.js'
import { pointFacts } from './write-items.js'

/** The parts of a state to show. */
export type Include = ReadonlySet<'consents' | 'subscriptions'>

/** One contact with its state in the form of EM-B3. A contact without e-mail has no state. */
export function renderState(
  account: Account,
  contact: Contact,
  include: Include,
  categories: readonly Category[] = account.liveCategories(),
) {
  const address = account.contacts.address(contact.email)
  const item: Record<string, unknown> = {
    contactId: String(contact.id),
    email: contact.email,
    mobile: contact.fields.mobile ?? null,
    createdAt: iso(contact.createdAtMs),
  }
  if (include.has('consents')) {
    item['consents'] = address === undefined ? null : renderConsents(account, address)
  }
  if (include.has('subscriptions')) {
    item['subscriptions'] =
      address === undefined
        ? null
        : categories.map(({ id }) => {
            const { value, stored } = currentValue(address, categoryKey(id))
            return { categoryId: id, subscribed: value, ...pointFacts(stored) }
          })
  }
  return item
}

function renderConsents(
  account: Account,
  address: NonNullable<ReturnType<Account['contacts']['address']>>,
) {
  return Object.fromEntries(
    SYNCED_PURPOSES.map((purpose) => {
      const { value, stored } = currentValue(address, purpose)
      const legalBasis = account.shownBasis.get(`${address.email}|${purpose}`) ?? value
      const text = stored?.text ?? null
      const comment = stored?.comment ?? null
      return [purpose, { legalBasis, ...pointFacts(stored), text, comment }]
    }),
  )
}

/** A feed item. Its addresses are blanked after all its contacts were deleted. */
export function renderChange(account: Account, change: LoggedChange): unknown {
  if (change.raw !== undefined) {
    return change.raw
  }
  const gone =
    change.contactIds.length > 0 && !change.contactIds.some((id) => account.contacts.has(id))
  const detail =
    gone && change.type === 'contact.email_changed'
      ? { ...change.detail, oldEmail: null, newEmail: null }
      : change.detail
  return {
    id: change.id,
    type: change.type,
    accountId: account.accountId,
    contactIds: change.contactIds,
    email: gone ? null : change.email,
    eventTime: iso(change.eventTimeMs),
    recordedAt: iso(change.recordedAtMs),
    source: change.source,
    actor: change.actor,
    writer: change.writer,
    detail,
  }
}
