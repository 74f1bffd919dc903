import type { z } from 'zod'
import type { SimResponse } from '../../common/http-server.js'
import type { Account, Category } from '../model/account.js'
import {
  archiveCategory,
  changeEmail,
  createCategory,
  createContact,
  deleteContact,
  renameCategory,
} from '../model/lifecycle.js'
import { ControlError } from './control-error.js'
import { dumpFeed, dumpStates } from './dump.js'
import { bulkUpdate, contactById, doAct, seed, USER } from './people.js'
import * as schemas from './schemas.js'

/** A request to one account's control path. */
export interface AccountControl {
  readonly account: Account
  readonly method: string
  /** Below `/__control/accounts/{accountId}/`. */
  readonly path: string
  readonly query: URLSearchParams
  readonly body: <S extends z.ZodType>(schema: S) => z.output<S>
}

const BY_USER = { source: 'addedByUser', actor: USER }

/** Carries out one control request on an account; undefined = no such switch. */
export function controlAccount(call: AccountControl): unknown {
  const { account, method, path, body } = call
  switch (`${method} ${path}`) {
    case 'POST settings': {
      const { requirePositiveConsent, proxyUrl } = body(schemas.settingsBody)
      account.requirePositiveConsent = requirePositiveConsent ?? account.requirePositiveConsent
      account.egress = { ...account.egress, ...(proxyUrl === undefined ? {} : { proxyUrl }) }
      account.updatedAtMs = account.now()
      return {}
    }
    case 'POST seed':
      return seed(account, body(schemas.seedBody))
    case 'POST contacts': {
      const { email, firstName, lastName, mobile } = body(schemas.newContactBody)
      const fields = {
        firstName: firstName ?? null,
        lastName: lastName ?? null,
        mobile: mobile ?? null,
      }
      return { contactId: String(createContact(account, email, fields, BY_USER).id) }
    }
    case 'POST acts':
      return { changeIds: body(schemas.actsBody).acts.map((row) => doAct(account, row)) }
    case 'POST bulk': {
      const { contactIds, ...decision } = body(schemas.bulkBody)
      const contacts =
        contactIds === 'all'
          ? [...account.contacts.walk()]
          : contactIds.map((id) => contactById(account, id))
      return { changed: bulkUpdate(account, contacts, decision) }
    }
    case 'POST change-email': {
      const { contactId, email } = body(schemas.changeEmailBody)
      changeEmail(account, contactById(account, contactId), email, BY_USER)
      return {}
    }
    case 'POST delete-contacts': {
      const contacts = body(schemas.deleteBody).contactIds.map((id) => contactById(account, id))
      for (const contact of contacts) {
        deleteContact(account, contact, { ...BY_USER, silent: contacts.length > 500 })
      }
      return {}
    }
    case 'POST campaigns': {
      const component = body(schemas.componentBody)
      account.components.set(`${component.campaignId}/${component.componentId}`, component)
      return {}
    }
    case 'POST expire': {
      const { cursors, audiences } = body(schemas.expireBody)
      account.cursorGeneration += cursors === true ? 1 : 0
      for (const audience of audiences === true ? account.audiences.values() : []) {
        audience.expiresAtMs = 0
      }
      return {}
    }
    case 'POST unknown-basis': {
      const { contactId, purpose, legalBasis } = body(schemas.unknownBasisBody)
      const key = `${contactById(account, contactId).email}|${purpose}`
      if (legalBasis === null) {
        account.shownBasis.delete(key)
      } else {
        account.shownBasis.set(key, legalBasis)
      }
      return {}
    }
    case 'POST feed':
      return inject(account, body(schemas.injectBody).item)
    case 'GET dump':
      return ndjson(dumpStates(account))
    case 'GET feed':
      return ndjson(dumpFeed(account, Number(call.query.get('from') ?? 0)))
    default:
      return controlCategory(call)
  }
}

function controlCategory({ account, method, path, body }: AccountControl): unknown {
  if (method !== 'POST') {
    return undefined
  }
  if (path === 'categories') {
    const { id, name } = body(schemas.categoryBody)
    return { categoryId: createCategory(account, name, id, BY_USER).id }
  }
  const [, id, verb] = /^categories\/([^/]+)\/(rename|archive|vanish)$/.exec(path) ?? []
  if (id === undefined) {
    return undefined
  }
  const category: Category | undefined = account.categories.get(id)
  if (category === undefined) {
    throw new ControlError(`no category ${id}`)
  }
  if (verb === 'rename') {
    renameCategory(account, category, body(schemas.renameBody).name, BY_USER)
  } else if (verb === 'archive') {
    archiveCategory(account, category, BY_USER)
  } else {
    category.vanished = body(schemas.vanishBody).vanished
  }
  return {}
}

/** Puts a malformed item, or one of an unknown type, into the feed unchanged. */
function inject(account: Account, item: unknown) {
  const facts = { contactIds: [], email: null, writer: null, actor: null, detail: {}, silent: true }
  const draft = {
    ...facts,
    type: 'consent.changed',
    eventTimeMs: account.now(),
    source: 'unknown',
  } as const
  account.feed.append(draft, item)
  return {}
}

function ndjson(body: Buffer): SimResponse {
  return { status: 200, headers: { 'Content-Type': 'application/x-ndjson' }, body }
}
