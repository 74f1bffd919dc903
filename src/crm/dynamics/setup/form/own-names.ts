/**
 * Names and ids of our parts of a form. An id must be unique only within its form, so ours are fixed. By them our parts
 * are found again after a lost answer or lost facts, even if they were renamed or moved.
 */

/** Our section. */
export const SECTION = {
  id: '{6d1c5a0e-4e0b-4c53-9a54-3f3f8d1f7b01}',
  name: 'em_subscriptions',
} as const

/** The only cell of our section. */
export const CELL_ID = '{6d1c5a0e-4e0b-4c53-9a54-3f3f8d1f7b02}'

/** The sub-grid. `uniqueId` ties it to its control description. */
export const GRID = {
  controlId: 'em_subscriptions_grid',
  uniqueId: '{6d1c5a0e-4e0b-4c53-9a54-3f3f8d1f7b03}',
} as const

/** The tab that is created if Support chose `createTab`. */
export const TAB = {
  id: '{6d1c5a0e-4e0b-4c53-9a54-3f3f8d1f7b04}',
  name: 'em_details',
} as const

/** Normalises an id or a name for comparison: no braces, lower case. */
export function plain(text: string | undefined): string {
  return (text ?? '').replace(/[{}]/g, '').trim().toLowerCase()
}

/**
 * Our words in the organisation's languages, by primary language (the low ten bits of a language code): 2057 is English
 * like 1033. Other languages get English.
 */
type Words = Readonly<Record<'subscriptions' | 'details', string>>

const ENGLISH: Words = { subscriptions: 'Subscriptions', details: 'Details' }

const BY_PRIMARY_LANGUAGE: ReadonlyMap<number, Words> = new Map([
  [0x09, ENGLISH],
  [0x06, { subscriptions: 'Abonnementer', details: 'Detaljer' }],
  [0x07, { subscriptions: 'Abonnements', details: 'Details' }],
  [0x0a, { subscriptions: 'Suscripciones', details: 'Detalles' }],
  [0x0b, { subscriptions: 'Tilaukset', details: 'Tiedot' }],
  [0x0c, { subscriptions: 'Abonnements', details: 'Détails' }],
  [0x10, { subscriptions: 'Iscrizioni', details: 'Dettagli' }],
  [0x13, { subscriptions: 'Abonnementen', details: 'Details' }],
  [0x14, { subscriptions: 'Abonnementer', details: 'Detaljer' }],
  [0x1d, { subscriptions: 'Prenumerationer', details: 'Detaljer' }],
])

/** A word in a language. */
export function wordIn(languageCode: number, word: keyof Words): string {
  return (BY_PRIMARY_LANGUAGE.get(languageCode & 0x3ff) ?? ENGLISH)[word]
}

/** The element `labels` of a form in all these languages. A language that is not provisioned is refused (16.2). */
export function labelsXml(languages: readonly number[], word: keyof Words): string {
  const labels = languages.map(
    (code) => `<label description="${wordIn(code, word)}" languagecode="${code}"/>`,
  )
  return `<labels>${labels.join('')}</labels>`
}

/** Whether a label is "Details" in its language, or in English. */
export function saysDetails(description: string, languageCode: number): boolean {
  const said = description.trim().normalize('NFC').toLowerCase()
  return [wordIn(languageCode, 'details'), ENGLISH.details].some(
    (word) => word.normalize('NFC').toLowerCase() === said,
  )
}
