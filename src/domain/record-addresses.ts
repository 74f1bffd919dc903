import { readAddressField } from './email-address.js'

/** A record's address fields, as its CRM holds them. */
export interface AddressFields {
  readonly email: string | null
  readonly otherEmails: readonly string[]
  readonly denyOnlyEmails: readonly string[]
}

/** A record's addresses, as keys. No address is in two of these fields. */
export interface RecordAddresses {
  /** The primary address, by which the record is linked; null: none. */
  readonly home: string | null
  /** Secondary addresses: the record's deny counts there, and a withdrawal crosses (C5). */
  readonly secondary: readonly string[]
  /** Addresses at which only a deny counts and nothing crosses: several and decorated addresses (rule A), B8. */
  readonly denyOnly: readonly string[]
  /** Whether its primary field holds a text that links nobody. */
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
