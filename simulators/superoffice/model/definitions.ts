import type { ColumnDefinition, TableDefinition } from './table.js'

const int: ColumnDefinition = { type: 'int' }
const text: ColumnDefinition = { type: 'string' }
const date: ColumnDefinition = { type: 'datetime' }
const refers = (references: string): ColumnDefinition => ({ type: 'int', references })

const STAMPS = {
  registered: date,
  registered_associate_id: int,
  updated: date,
  updated_associate_id: int,
  updatedCount: int,
}

/** The tables that the sync needs, with the database's own spelling (wire page, sections 4 and 6). */
export const DEFINITIONS = {
  person: {
    name: 'person',
    key: 'person_id',
    columns: {
      person_id: int,
      contact_id: int,
      firstname: text,
      lastname: text,
      retired: int,
      DeletedDate: date,
      ...STAMPS,
    },
    indexed: [],
  },
  email: {
    name: 'email',
    key: 'email_id',
    columns: {
      email_id: int,
      contact_id: int,
      person_id: refers('person'),
      email_address: text,
      rank: int,
      type: int,
      description: text,
    },
    indexed: ['person_id', 'email_address'],
  },
  consentperson: {
    name: 'consentperson',
    key: 'consentperson_id',
    columns: {
      consentperson_id: int,
      person_id: refers('person'),
      consentPurpose_id: refers('consentpurpose'),
      legalBase_id: refers('legalbase'),
      consentSource_id: refers('consentsource'),
      comment: text,
      ...STAMPS,
    },
    indexed: ['person_id', 'consentPurpose_id'],
  },
  consentpurpose: listTable('consentpurpose', 'consentPurpose_id'),
  legalbase: listTable('legalbase', 'legalBase_id'),
  consentsource: listTable('consentsource', 'consentSource_id'),
} satisfies Record<string, TableDefinition>

function listTable(name: string, key: string): TableDefinition {
  const columns = {
    [key]: int,
    name: text,
    rank: int,
    tooltip: text,
    deleted: int,
    key: text,
    ...STAMPS,
  }
  return { name, key, columns, indexed: ['key'] }
}
