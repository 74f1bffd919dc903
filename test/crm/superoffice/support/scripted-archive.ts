import { type Heard, type Said } from '../../support/scripted-server.js'
import { page, queryOf } from './scripted-onsite.js'

type Row = Readonly<Record<string, unknown>>

/** Differences between this server and the usual one. */
export interface Oddities {
  /** Columns that it does not know: 400 for the complete query. */
  readonly unknown?: readonly string[]
  /** Its own limit of rows per page, which it does not state. */
  readonly cap?: number
  /** Persons that our user may not see: their rows are removed from a page after it was cut. */
  readonly hidden?: (personId: number) => boolean
  /** Columns that it omits from its answers. */
  readonly blank?: readonly string[]
  /** Compares text case-sensitively. */
  readonly caseSensitive?: boolean
  /** Answers to other requests than archive queries; undefined: as usual. */
  readonly instead?: (heard: Heard) => Said | undefined
}

/** Archive `dynamic` over two tables, as far as the driver uses it: `in`, and paging by key. */
export function scriptedArchive(rows: readonly Row[], oddities: Oddities = {}) {
  const { unknown = [], cap = 10_000, blank = [], caseSensitive = false } = oddities
  const { hidden = () => false } = oddities
  return (heard: Heard): Said => {
    const instead = oddities.instead?.(heard)
    if (instead !== undefined) {
      return instead
    }
    const list = /\/List\/(\w+)\/Items$/.exec(heard.path)?.[1]
    if (list !== undefined) {
      return { status: 200, body: LISTS[list] }
    }
    const { select, filter, orderBy, top } = queryOf(heard)
    if (
      / [gl]e \d/.test(filter) ||
      [...select, filter].some((text) => unknown.some((column) => text.includes(column)))
    ) {
      return {
        status: 400,
        body: { Error: true, ErrorType: 'SoException', ErrorMessage: 'ann@x.no' },
      }
    }
    const [table = ''] = orderBy.split('.')
    const keyed = /(\S+) gt (\d+)$/.exec(filter)
    const isIn = /(\S+) in \((.*?)\)(?: and|$)/.exec(filter)
    const fold = (text: string) => (caseSensitive ? text : text.toLowerCase())
    const values = isIn?.[2]?.split(',').map((value) => fold(value.replace(/^'|'$/g, '')))
    const found = rows
      .filter((row) => Object.keys(row).some((column) => column.startsWith(`${table}.`)))
      .filter((row) => values?.includes(fold(String(row[isIn?.[1] ?? '']))) ?? true)
      .filter((row) => {
        const key = Number(row[keyed?.[1] ?? ''])
        return keyed === null || key > Number(keyed[2])
      })
      .sort((a, b) => Number(a[orderBy]) - Number(b[orderBy]))
      .slice(0, Math.min(cap, top))
      .filter((row) => !hidden(Number(row[`${table}.person_id`])))
    const shown = select.filter((column) => !blank.includes(column))
    return page(
      found.map((row) => Object.fromEntries(shown.map((column) => [column, row[column] ?? null]))),
    )
  }
}

/** Rows of a person with one address and one consent. */
export function personRows(personId: number, more: Row = {}): readonly Row[] {
  const person = { 'email.person_id': personId, 'email.email_address': `p${personId}@x.no` }
  const registered = { 'email.rank': 1, 'email.type': 0, 'email.person_id.registered': LONG_AGO }
  return [
    { ...person, ...registered },
    {
      'consentperson.consentperson_id': personId + 1000,
      'consentperson.person_id': personId,
      'consentperson.consentPurpose_id.key': 'EMARKETING',
      'consentperson.legalBase_id.key': 'WITHDRAWN',
      'consentperson.consentSource_id.key': 'USER',
      'consentperson.registered': '2025-01-01T00:00:00',
      'consentperson.registered_associate_id': 12,
      'consentperson.updated': '2025-02-01T00:00:00',
      'consentperson.updated_associate_id': 12,
      'consentperson.updatedCount': 4,
      'consentperson.person_id.registered': LONG_AGO,
      ...more,
    },
  ]
}

const LONG_AGO = '2024-03-01T08:00:00'

const items = (list: string, keys: readonly string[]) =>
  keys.map((Key, at) => ({ [`${list}Id`]: at + 1, Key, Deleted: false }))

const LISTS: Readonly<Record<string, unknown>> = {
  ConsentPurpose: items('ConsentPurpose', ['STORE', 'EMARKETING']),
  LegalBase: items('LegalBase', ['61A', '61F', 'WITHDRAWN']),
  ConsentSource: items('ConsentSource', ['USER', 'EMARKETEER']),
}
