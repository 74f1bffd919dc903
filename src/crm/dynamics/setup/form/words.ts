/**
 * Words of ours in the organisation's languages, by primary language (the low ten bits of a language code): 2057 is
 * as English as 1033. Languages not listed get English.
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

/** The element `labels` of a form in all these languages; others are refused where not provisioned (16.2). */
export function labelsXml(languages: readonly number[], word: keyof Words): string {
  const labels = languages.map(
    (code) => `<label description="${wordIn(code, word)}" languagecode="${code}"/>`,
  )
  return `<labels>${labels.join('')}</labels>`
}

/** Whether a label says "Details" in its language, or in English. */
export function saysDetails(description: string, languageCode: number): boolean {
  const said = description.trim().normalize('NFC').toLowerCase()
  return [wordIn(languageCode, 'details'), ENGLISH.details].some(
    (word) => word.normalize('NFC').toLowerCase() === said,
  )
}
