import type { Account } from '../model/account.js'
import type { Address } from '../model/contacts.js'
import { renderChange } from '../model/render.js'
import { currentValue } from '../model/set-value.js'
import { categoryKey, iso, SYNCED_PURPOSES, type ValueKey } from '../model/values.js'

/** The complete state as NDJSON, for a checker that shares no code with the sync API. */

const CHUNK = 10_000

/** One line per contact, by id; then one per address that outlived its contacts. */
export function dumpStates(account: Account): Buffer {
  const buffers: Buffer[] = []
  let lines: string[] = []
  const flush = () => {
    buffers.push(Buffer.from(lines.join('')))
    lines = []
  }
  for (const contact of account.contacts.walk()) {
    const address = account.contacts.address(contact.email)
    const line = {
      contactId: String(contact.id),
      email: contact.email,
      mobile: contact.fields.mobile ?? null,
      ...(address === undefined ? {} : addressFacts(account, address)),
    }
    lines.push(`${JSON.stringify(line)}\n`)
    if (lines.length === CHUNK) {
      flush()
    }
  }
  for (const address of account.contacts.orphans()) {
    const line = { contactId: null, email: address.email, ...addressFacts(account, address) }
    lines.push(`${JSON.stringify(line)}\n`)
  }
  flush()
  return Buffer.concat(buffers)
}

function addressFacts(account: Account, address: Address) {
  const facts = (key: ValueKey) => {
    const { value, version, stored } = currentValue(address, key)
    return stored === null
      ? { value, version }
      : { value, version, eventTime: iso(stored.eventTimeMs), source: stored.source }
  }
  return {
    consents: Object.fromEntries(SYNCED_PURPOSES.map((it) => [it, facts(it)])),
    subscriptions: Object.fromEntries(
      account.liveCategories().map(({ id }) => [id, facts(categoryKey(id))]),
    ),
  }
}

/** The feed as NDJSON, from a position on. */
export function dumpFeed(account: Account, from: number): Buffer {
  const lines = account.feed.log
    .slice(from)
    .map((change) => `${JSON.stringify(renderChange(account, change))}\n`)
  return Buffer.from(lines.join(''))
}
