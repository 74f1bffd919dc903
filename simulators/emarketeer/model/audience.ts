import { type Account, type Audience, type Component } from './account.js'
import { type Contact } from './contacts.js'

const LIFE_MS = 7 * 86_400_000

/** Fixes the members of a component now: targeted contacts with an e-mail (SMS: with a mobile), by id. */
export function fixAudience(account: Account, sendoutId: string, component: Component): Audience {
  const members: { id: number; email: string | null; mobile: string | null }[] = []
  for (const contact of targeted(account, component)) {
    const mobile = contact.fields.mobile ?? null
    if ((component.channel === 'email' ? contact.email : mobile) !== null) {
      members.push({ id: contact.id, email: contact.email, mobile })
    }
  }
  const fixedAtMs = account.now()
  const audience = {
    audienceId: `aud_${account.audiences.size + 1}`,
    sendoutId,
    component,
    fixedAtMs,
    expiresAtMs: fixedAtMs + LIFE_MS,
    members,
  }
  account.audiences.set(sendoutId, audience)
  return audience
}

function* targeted(account: Account, { target }: Component): Generator<Contact> {
  if ('all' in target) {
    yield* account.contacts.walk()
  } else if ('everyNth' in target) {
    for (const contact of account.contacts.walk()) {
      if (contact.id % target.everyNth === target.offset) {
        yield contact
      }
    }
  } else {
    const ids =
      'contactIds' in target
        ? target.contactIds.map(Number)
        : target.emails.flatMap((email) => account.contacts.address(email)?.contactIds ?? [])
    for (const id of [...new Set(ids)].sort((a, b) => a - b)) {
      const contact = account.contacts.byId(id)
      if (contact !== undefined) {
        yield contact
      }
    }
  }
}
