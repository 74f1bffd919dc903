import type { Installation } from '../installation.js'
import { YEAR_ONE } from '../model/dates.js'
import type { ConsentRow, PersonRow } from '../model/rows.js'
import type { Cell, ColumnType, Table } from '../model/table.js'
import type { ArchiveColumn, ArchiveType } from './columns.js'
import { JoinPlan } from './join-plan.js'
import type { ArchiveSource } from './source.js'

/** Columns that are a database column of the person. */
const STORED: Readonly<Record<string, readonly [string, ColumnType]>> = {
  personId: ['person_id', 'int'],
  firstName: ['firstname', 'string'],
  lastName: ['lastname', 'string'],
  personRegisteredDate: ['registered', 'datetime'],
  personUpdatedDate: ['updated', 'datetime'],
  personDeletedDate: ['DeletedDate', 'datetime'],
}
/** Columns of the person's e-mail addresses. */
const EMAIL: Readonly<Record<string, readonly [string, ColumnType]>> = {
  'email/emailAddress': ['email_address', 'string'],
  'email/emailId': ['email_id', 'int'],
}

/**
 * Archive `Person` (wire page, 6.3): one row per person and matching address. Includes retired persons, and
 * soft-deleted ones if the switch says so. It has the bases of each purpose, and no time of consent.
 */
export function openPerson(world: Installation): ArchiveSource {
  const plan = new JoinPlan(world.store.person as unknown as Table)
  const emails = () =>
    plan.join(
      0,
      { kind: 'reverse', column: 'person_id' },
      world.store.email as unknown as Table,
      (row) => row['type'] === 0,
    )
  let emailNode: number | undefined
  return {
    plan,
    entities: ['person', 'retiredPerson'],
    entityOf: (root) => (root['retired'] === 0 ? 'person' : 'retiredPerson'),
    visible: (root) =>
      root['DeletedDate'] === YEAR_ONE || world.switches.deletedPersons === 'listed',
    accepts: (tuple, filtered) => {
      const row = emailNode === undefined ? undefined : tuple[emailNode]
      const asked = Object.keys(EMAIL).some((name) => filtered.has(name))
      if (row === undefined || asked || world.switches.personEmailRows === 'each') {
        return true
      }
      return world.store.emails(row['person_id'] as number)[0] === row
    },
    column: (name) => {
      if (Object.hasOwn(STORED, name)) {
        return plain(name, 0, STORED[name]!)
      }
      if (Object.hasOwn(EMAIL, name)) {
        emailNode = emails()
        return plain(name, emailNode, EMAIL[name]!)
      }
      if (name === 'retired') {
        return { name, type: 'bool', node: 0, value: (tuple) => tuple[0]?.['retired'] }
      }
      if (name === 'fullName') {
        const value = (person: PersonRow) => `${person.firstname} ${person.lastname}`.trim()
        return computed(name, 'string', value)
      }
      return consentColumn(world, name)
    },
  }
}

function plain(
  name: string,
  node: number,
  [stored, type]: readonly [string, ColumnType],
): ArchiveColumn {
  return { name, type, node, stored, value: (tuple) => tuple[node]?.[stored] }
}

function computed(
  name: string,
  type: ArchiveType,
  of: (person: PersonRow) => Cell | undefined,
): ArchiveColumn {
  return { name, type, node: 0, value: (tuple) => of(tuple[0] as PersonRow) }
}

/** One set per purpose: purpose `XYZ` gives `hasXyzConsent`, `legalBaseXyz` and so on. */
function consentColumn(world: Installation, name: string): ArchiveColumn | undefined {
  for (const purpose of world.store.consentpurpose.from()) {
    const key = purpose.key.replace('#', '').toLowerCase()
    const title = key.charAt(0).toUpperCase() + key.slice(1)
    const rowOf = (person: PersonRow) =>
      world.store.consent(person.person_id, purpose['consentPurpose_id'] as number)
    const withdrawn = (row: ConsentRow | undefined) =>
      row !== undefined &&
      world.store.legalbase.get(row.legalBase_id)?.key.replace('#', '') === 'WITHDRAWN'
    switch (name) {
      case `has${title}Consent`:
        return computed(name, 'bool', (person) => {
          const row = rowOf(person)
          return row !== undefined && !withdrawn(row) ? 1 : 0
        })
      case `withdrawn${title}Consent`:
        return computed(name, 'bool', (person) => (withdrawn(rowOf(person)) ? 1 : 0))
      case `legalBase${title}`:
        return {
          ...computed(name, 'list', (person) => rowOf(person)?.legalBase_id),
          display: (id) => world.store.legalbase.get(id)?.name ?? '',
        }
      case `consentSource${title}`:
        return {
          ...computed(name, 'list', (person) => rowOf(person)?.consentSource_id),
          display: (id) => world.store.consentsource.get(id)?.name ?? '',
        }
      default:
        break
    }
  }
  return undefined
}
