import { z } from 'zod'
import { json } from '../../common/http-server.js'
import { invalid, tooMany } from '../http/api-error.js'
import { check, listLength, parseBody } from '../http/body.js'
import { Query } from '../http/query.js'
import { type Contact, CONTACT_FIELDS, isAddress, normalise } from '../model/contacts.js'
import { createContact, deleteContact } from '../model/lifecycle.js'
import { iso } from '../model/values.js'
import type { Route } from './route.js'

const MAX_ITEMS = 100
const API = { source: 'api', actor: { type: 'system', id: null, name: null } } as const
const email = z.string().refine(isAddress, 'is not an e-mail address')
const field = z.string().nullable().optional()
const upsertBody = z.strictObject({
  contacts: z.array(
    z.strictObject({
      email,
      firstName: field,
      lastName: field,
      company: field,
      title: field,
      mobile: field,
      telephone: field,
      externalId: field,
    }),
  ),
})
const deleteBody = z.strictObject({ emails: z.array(email) })

/** Layer A, as far as the sync needs it. Search by saved filter or date is not served. */
export const publicContactRoutes: readonly Route[] = [
  {
    method: 'POST',
    pattern: /^\/v1\/contacts$/,
    operation: 'A POST /v1/contacts',
    handle: ({ account, request }) => {
      new Query(request, [])
      const raw = parseBody(request)
      if (listLength(raw, 'contacts') > MAX_ITEMS) {
        throw tooMany('contacts', MAX_ITEMS)
      }
      const results = check(upsertBody, raw).contacts.map(
        ({ email: address, ...fields }, index) => {
          const oldest = account.contacts.address(address)?.contactIds[0]
          const known = oldest === undefined ? undefined : account.contacts.byId(oldest)
          if (known === undefined) {
            const made = createContact(account, address, definedOnly(fields), API)
            return { index, id: String(made.id), email: made.email, status: 'created' }
          }
          Object.assign(known.fields, definedOnly(fields))
          known.modifiedAtMs = account.now()
          return { index, id: String(known.id), email: known.email, status: 'updated' }
        },
      )
      return json(200, { results })
    },
  },
  {
    method: 'GET',
    pattern: /^\/v1\/contacts$/,
    operation: 'A GET /v1/contacts',
    handle: ({ account, request }) => {
      const query = new Query(request, ['email', 'page', 'pageSize'])
      const page = query.integer('page', 1, 1_000_000, 1)
      const pageSize = query.integer('pageSize', 1, 300, 100)
      const address = query.text('email')
      if (address === undefined) {
        throw invalid([{ path: 'email', message: 'is missing' }])
      }
      const ids = account.contacts.address(address)?.contactIds ?? []
      const items = ids
        .slice((page - 1) * pageSize, page * pageSize)
        .map((id) => renderContact(account.contacts.byId(id)!))
      return json(200, { items, page, pageSize, total: ids.length })
    },
  },
  {
    method: 'POST',
    pattern: /^\/v1\/contacts\/delete$/,
    operation: 'A POST /v1/contacts/delete',
    handle: ({ account, request }) => {
      new Query(request, [])
      const raw = parseBody(request)
      if (listLength(raw, 'emails') > MAX_ITEMS) {
        throw tooMany('emails', MAX_ITEMS)
      }
      const results = check(deleteBody, raw).emails.map((address) => {
        const ids = [...(account.contacts.address(normalise(address))?.contactIds ?? [])]
        for (const id of ids) {
          deleteContact(account, account.contacts.byId(id)!, API)
        }
        return { email: address, status: ids.length === 0 ? 'notFound' : 'deleted' }
      })
      return json(200, { results })
    },
  },
]

function definedOnly(
  fields: Readonly<Record<string, string | null | undefined>>,
): Contact['fields'] {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

function renderContact(contact: Contact) {
  const fields = Object.fromEntries(CONTACT_FIELDS.map((it) => [it, contact.fields[it] ?? null]))
  return {
    id: String(contact.id),
    email: contact.email,
    ...fields,
    createdAt: iso(contact.createdAtMs),
    modifiedAt: iso(contact.modifiedAtMs),
  }
}
