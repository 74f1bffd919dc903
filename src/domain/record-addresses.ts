import { readAddressField } from './email-address.js'

/** A record's fields that are meant for addresses, as its CRM holds them. */
export interface AddressFields {
  readonly email: string | null
  readonly otherEmails: readonly string[]
  readonly denyOnlyEmails: readonly string[]
}

/** Where a record stands, by keys of addresses; none is in two of these. */
export interface RecordAddresses {
  /** The address that links it; null: none. */
  readonly home: string | null
  /** Further addresses: it counts as a deny there, and a withdrawal crosses (C5). */
  readonly secondary: readonly string[]
  /** Where it counts as a deny and nothing crosses: rule A, several and decorated addresses; B8. */
  readonly denyOnly: readonly string[]
  /** Whether its primary field holds something that links nobody. */
  readonly unusable: boolean
}

/** Reads all address fields of a record (rules A, B8, C5). Pure. */
export function recordAddresses(fields: AddressFields): RecordAddresses {
  const primary = readAddressField(fields.email)
  const others = fields.otherEmails.map(readAddressField)
  const secondary = new Set(others.flatMap(({ key }) => key ?? []))
  secondary.delete(primary.key ?? '')
  const denyOnly = new Set([
    ...[primary, ...others].flatMap(({ found }) => found),
    ...fields.denyOnlyEmails
      .map(readAddressField)
      .flatMap(({ key, found }) => (key === null ? found : [key])),
  ])
  const elsewhere = (key: string) => key !== primary.key && !secondary.has(key)
  return {
    home: primary.key,
    secondary: [...secondary],
    denyOnly: [...denyOnly].filter(elsewhere),
    unusable: primary.unusable,
  }
}
