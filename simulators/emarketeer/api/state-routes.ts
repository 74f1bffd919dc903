import { z } from 'zod'
import { json } from '../../common/http-server.js'
import { invalid, tooMany } from '../http/api-error.js'
import { check, listLength, parseBody } from '../http/body.js'
import { makeCursor, readCursor } from '../http/cursor.js'
import { Query } from '../http/query.js'
import type { Account } from '../model/account.js'
import { type Contact, isAddress, normalise } from '../model/contacts.js'
import { type Include, renderState } from '../model/render.js'
import type { Route } from './route.js'

const MAX = 1_000
const PARTS = ['consents', 'subscriptions'] as const
const BOTH: Include = new Set(PARTS)

const readBody = z
  .strictObject({
    contactIds: z.array(z.string().regex(/^\d+$/, 'is not numeric text')).optional(),
    emails: z.array(z.string().refine(isAddress, 'is not an e-mail address')).optional(),
    include: z.array(z.enum(PARTS)).min(1).max(2).optional(),
  })
  .refine((body) => (body.contactIds === undefined) !== (body.emails === undefined), {
    message: 'give either contactIds or emails',
  })

/** EM-B3 and EM-B3b. */
export const stateRoutes: readonly Route[] = [
  {
    method: 'POST',
    pattern: /^\/states\/read$/,
    operation: 'POST /states/read',
    handle: ({ account, request }) => {
      new Query(request, [])
      const raw = parseBody(request)
      for (const field of ['contactIds', 'emails']) {
        if (listLength(raw, field) > MAX) {
          throw tooMany(field, MAX)
        }
      }
      const body = check(readBody, raw)
      const include: Include = body.include === undefined ? BOTH : new Set(body.include)
      const missing: string[] = []
      const found: Contact[] = []
      const asked = body.contactIds ?? body.emails!.map((email) => normalise(email)!)
      if (new Set(asked).size !== asked.length) {
        const path = body.contactIds === undefined ? 'emails' : 'contactIds'
        throw invalid([{ path, message: 'has repeats' }])
      }
      for (const contactId of body.contactIds ?? []) {
        const contact = account.contacts.get(contactId)
        if (contact === undefined) {
          missing.push(contactId)
        } else {
          found.push(contact)
        }
      }
      for (const email of body.emails ?? []) {
        const contacts = contactsAt(account, email)
        if (contacts.length === 0) {
          missing.push(email)
        }
        found.push(...contacts)
      }
      const categories = account.liveCategories()
      const items = found.map((contact) => renderState(account, contact, include, categories))
      return json(200, { items, missing })
    },
  },
  {
    method: 'GET',
    pattern: /^\/states$/,
    operation: 'GET /states',
    handle: ({ account, request }) => {
      const query = new Query(request, ['cursor', 'limit', 'include'])
      const limit = query.integer('limit', 1, MAX, 500)
      const include: Include = query.words('include', PARTS) ?? BOTH
      const cursor = query.text('cursor')
      const after =
        cursor === undefined ? 0 : readCursor(cursor, account.accountId, 'states').position
      const categories = account.liveCategories()
      const items: unknown[] = []
      let last = after
      let more = false
      for (const contact of account.contacts.walk(after)) {
        if (items.length === limit) {
          more = true
          break
        }
        items.push(renderState(account, contact, include, categories))
        last = contact.id
      }
      const facts = { accountId: account.accountId, kind: 'states', position: last, generation: 0 }
      const nextCursor = more ? makeCursor(facts) : null
      return json(200, { items, nextCursor, total: account.contacts.size })
    },
  },
]

function contactsAt(account: Account, email: string): Contact[] {
  const ids = account.contacts.address(email)?.contactIds ?? []
  return ids.map((id) => account.contacts.byId(id)!)
}
