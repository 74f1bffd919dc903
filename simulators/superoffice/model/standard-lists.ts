import type { ListName, Store } from './store.js'
import { YEAR_ONE } from './dates.js'
import type { ListRow } from './rows.js'

/** Names as stored, per language; a tenant may have changed them. */
const STANDARD: Readonly<Record<ListName, readonly (readonly [string, string])[]>> = {
  consentpurpose: [
    ['STORE', 'NO:"Salg og service";US:"Sales and service"'],
    ['EMARKETING', 'NO:"E-markedsføring";US:"E-marketing"'],
  ],
  legalbase: [
    ['61A', 'NO:"Samtykke";US:"Consent"'],
    ['61B', 'NO:"Kontrakt";US:"Contract"'],
    ['61C', 'NO:"Påkrevd ved lov";US:"Required by law"'],
    ['61D', 'NO:"Vitale interesser";US:"Protect vital interests"'],
    ['61E', 'NO:"Allmenn interesse";US:"Public interest"'],
    ['61F', 'NO:"Berettiget interesse";US:"Legitimate interest"'],
    ['WITHDRAWN', 'NO:"Trukket tilbake";US:"Withdrawn"'],
  ],
  consentsource: [
    ['USER', 'NO:"Opprettet av bruker";US:"Created by user"'],
    ['EMAIL', 'NO:"E-post";US:"E-mail"'],
    ['INCOMING', 'NO:"Innkommende forespørsel";US:"Incoming request"'],
    ['CHAT', 'NO:"Chat";US:"Chat"'],
    ['WEBFORM', 'NO:"Webskjema";US:"Web form"'],
    ['CUSTOMERPORTAL', 'NO:"Kundeportal";US:"Customer portal"'],
    ['IMPORT', 'NO:"Import";US:"Import"'],
    ['Api', 'NO:"Annen integrasjon";US:"Other integration"'],
    ['UNKNOWN', 'NO:"Ukjent";US:"Unknown"'],
  ],
}

/** Fills the lists of a new installation. A very old one has `#` before purpose and basis keys. */
export function addStandardLists(store: Store, keyPrefix: string, nowSeconds: number): void {
  for (const list of ['consentpurpose', 'legalbase', 'consentsource'] as const) {
    STANDARD[list].forEach(([key, name], at) => {
      const prefix = list === 'consentsource' ? '' : keyPrefix
      addListItem(
        store,
        list,
        { key: `${prefix}${key}`, name, rank: at + 1, tooltip: '' },
        nowSeconds,
      )
    })
  }
}

export function addListItem(
  store: Store,
  list: ListName,
  item: { key: string; name: string; rank: number; tooltip: string },
  nowSeconds: number,
): ListRow {
  return store[list].insert({
    ...item,
    deleted: 0,
    registered: nowSeconds,
    registered_associate_id: 1,
    updated: YEAR_ONE,
    updated_associate_id: 0,
    updatedCount: 0,
  })
}

/** A name in English, or as stored if no language was requested. */
export function localName(name: string, english: boolean): string {
  return english ? (/US:"([^"]*)"/.exec(name)?.[1] ?? name) : name
}
