import { claimsOf, signingKeys } from '../../src/crm/superoffice/auth/ticket-of-token.js'
import type { OnlineConfig } from '../../src/crm/superoffice/config.js'
import { Installation } from '../../src/crm/superoffice/installation.js'
import { CONSENT_COLUMNS, CONSENT_MAY_LACK } from '../../src/crm/superoffice/reading/consent-row.js'
import { readConsents } from '../../src/crm/superoffice/reading/read-consents.js'
import { personsAt, readPersons } from '../../src/crm/superoffice/reading/direct-read.js'
import { toContact } from '../../src/crm/superoffice/reading/person.js'
import { type ListName, readListItems } from '../../src/crm/superoffice/lists.js'
import { currentPrincipal } from '../../src/crm/superoffice/principal.js'
import { readTenantStatus } from '../../src/crm/superoffice/tenant-status.js'
import { readEvent } from '../../src/crm/superoffice/webhooks/receive.js'
import type { Stage } from './stage.js'
import { body, type Case, listed, orRefused } from './case.js'

const base64 = (given: unknown) => Buffer.from(JSON.stringify(given) ?? '').toString('base64url')

const KEY = { kty: 'RSA', use: 'sig', kid: 'k1', n: 'AQAB', e: 'AQAB' }

const LISTS: readonly (readonly [ListName, object])[] = [
  ['ConsentPurpose', { ConsentPurposeId: 2, Key: 'EMARKETING', Active: 1, Rank: 2 }],
  ['LegalBase', { LegalBaseId: 3, Key: 'WITHDRAWN', Rank: 3 }],
  ['ConsentSource', { ConsentSourceId: 4, Key: 'EMARKETEER', MailTemplateId: 0, Rank: 4 }],
]

const CONSENT = {
  'consentperson.consentperson_id': 12,
  'consentperson.person_id': 2,
  'consentperson.consentPurpose_id.key': 'EMARKETING',
  'consentperson.legalBase_id.key': 'WITHDRAWN',
  'consentperson.consentSource_id.key': 'EMARKETEER',
  'consentperson.registered': '2026-11-20T09:14:07.0000000',
  'consentperson.registered_associate_id': 5,
  'consentperson.updated': '2026-11-21T09:14:07.0000000',
  'consentperson.updated_associate_id': 5,
  'consentperson.updatedCount': 3,
  'consentperson.person_id.registered': '2026-01-01T00:00:00.0000000',
}
const CONSENT_ID = 'consentperson.consentperson_id'
const PERSON = 'email.person_id'
const ALLOWS = { value: 'consent', version: '3', lastWriter: 'user' } as const

const inOrder = <T extends { readonly personId: number } | { readonly contactId: string }>(
  given: readonly T[],
) => {
  const id = (one: T) => Number('personId' in one ? one.personId : one.contactId)
  return [...given].sort((a, b) => id(a) - id(b))
}
const EMAIL = {
  'email.person_id': 2,
  'email.email_address': 'anna@example.test',
  'email.rank': 1,
  'email.type': 0,
  'email.person_id.registered': '2026-01-01T00:00:00.0000000',
  'email.person_id.DeletedDate': '0001-01-01T00:00:00.0000000',
}

/** The owners of the rows, independent of their content. */
const whose = (given: readonly unknown[]) => (given.length === 3 ? [1, 2, 3] : [1, 3])

/** An archive that returns the rows of the requested persons by a key, both with their correct values. */
function sayArchive({ say }: Stage, key: string, given: readonly unknown[]): void {
  const persons = whose(given)
  say((path) => {
    if (!path.includes('/Archive/dynamic') || !path.includes(`$orderBy=${key}`)) {
      return path.includes('/Archive/') ? { value: [] } : undefined
    }
    const asked = /in \(([^)]*)\)/.exec(path)?.[1]?.split(',')
    const after = Number(/gt (\d+)/.exec(path)?.[1])
    const isAsked = (person: number) =>
      asked === undefined ||
      asked.some((one) => [String(person), `'n${person}@x.test'`].includes(one))
    const keyOf = (person: number) => person + (key === CONSENT_ID ? 10 : 0)
    return {
      value: given.filter((_, at) => isAsked(persons[at]!) && keyOf(persons[at]!) > after),
    }
  })
}

/** Rows of an archive have no schema: a column is checked where it is used. */
const ARCHIVE_ROWS: readonly Case[] = [
  {
    answer: 'superoffice.archivePage',
    example: CONSENT,
    others: [
      { ...CONSENT, 'consentperson.consentperson_id': 11, 'consentperson.person_id': 1 },
      { ...CONSENT, 'consentperson.consentperson_id': 13, 'consentperson.person_id': 3 },
    ],
    needs: [
      ...CONSENT_COLUMNS.filter((column) => !CONSENT_MAY_LACK.includes(column)),
      'consentperson.updatedCount',
    ],
    quiet: true,
    records: async (stage, given) => {
      sayArchive(stage, CONSENT_ID, given)
      const source = {
        installation: new Installation(stage.superOffice),
        facts: { associateId: 316 },
      }
      const read = await readConsents(source, whose(given), 'consents.read', stage.context)
      return [...read].filter(([, consents]) => consents.marketingSendouts.value !== null)
    },
    never: (read) => /"value":"(?!withdrawn|none)/.test(JSON.stringify(read)),
    // With an unknown purpose it is not our row; an unknown basis is the tenant's own (C2).
    meansOther: ['consentperson.legalBase_id.key (an unknown word)'],
  },
  {
    answer: 'superoffice.archivePage',
    example: EMAIL,
    others: [
      { ...EMAIL, 'email.person_id': 1 },
      { ...EMAIL, 'email.person_id': 3 },
    ],
    // It must be known whether a person is in the bin, because their withdrawal counts only outside of it.
    needs: [PERSON, 'email.email_address', 'email.person_id.DeletedDate'],
    quiet: true,
    records: async (stage, given) => {
      sayArchive(stage, PERSON, given)
      const { archive } = new Installation(stage.superOffice)
      const persons = await readPersons(archive, whose(given), stage.context)
      if (persons.length !== given.length) {
        throw new Error('who cannot be read is taken for gone')
      }
      return inOrder(persons.filter(({ addressesUnreadable }) => !addressesUnreadable))
    },
    never: (read) => JSON.stringify(read).includes('"addresses":[]'),
    meansOther: ['email.email_address (null)'],
  },
  {
    // Two addresses, one without a rank: the person does not belong to a guessed one.
    answer: 'superoffice.archivePage',
    example: EMAIL,
    others: [
      { ...EMAIL, 'email.person_id': 1 },
      { ...EMAIL, 'email.person_id': 3 },
    ],
    needs: [PERSON, 'email.email_address', 'email.rank', 'email.person_id.DeletedDate'],
    quiet: true,
    records: async (stage, given) => {
      const second = { 'email.email_address': 'also@example.test', 'email.rank': 7 }
      const rows = given.map((row, at) => [
        row,
        { ...EMAIL, ...second, [PERSON]: whose(given)[at] },
      ])
      stage.say((path) => {
        const asked = /in \(([^)]*)\)/.exec(path)?.[1]?.split(',') ?? []
        const after = Number(/gt (\d+)/.exec(path)?.[1])
        return path.includes(`$orderBy=${PERSON}`)
          ? {
              value: rows.flatMap((own, at) => {
                const person = whose(given)[at]!
                return asked.includes(String(person)) && person > after ? own : []
              }),
            }
          : { value: [] }
      })
      const { archive } = new Installation(stage.superOffice)
      const persons = await readPersons(archive, whose(given), stage.context)
      const CONSENTS = { storeAndProcess: ALLOWS, marketingSendouts: ALLOWS }
      const contacts = persons.map((person) => toContact(person, CONSENTS))
      return inOrder(contacts.filter(({ consents }) => consents.marketingSendouts?.value))
    },
    never: (read) => JSON.stringify(read).includes('"email":"also@example.test"'),
    meansOther: ['email.email_address (null)'],
  },
  {
    // By address: an unidentified owner does not count as absent.
    answer: 'superoffice.archivePage',
    example: { [PERSON]: 2, 'email.email_address': 'n2@x.test', 'email.type': 0 },
    others: [
      { [PERSON]: 1, 'email.email_address': 'n1@x.test', 'email.type': 0 },
      { [PERSON]: 3, 'email.email_address': 'n3@x.test', 'email.type': 0 },
    ],
    needs: [PERSON, 'email.email_address'],
    quiet: true,
    records: async (stage, given) => {
      sayArchive(stage, PERSON, given)
      const { archive } = new Installation(stage.superOffice)
      const emails = whose(given).map((person) => `n${person}@x.test`)
      const { emailsOf, unknownEmails } = await personsAt(archive, emails, stage.context)
      if (emailsOf.size + unknownEmails.length !== given.length) {
        throw new Error('somebody is taken for nobody')
      }
      return [...emailsOf].sort(([a], [b]) => a - b)
    },
  },
]

export const SUPEROFFICE: readonly Case[] = [
  {
    answer: 'superoffice.tenant',
    example: {
      ContextIdentifier: 'Cust12345',
      Endpoint: 'https://online.example/Cust12345',
      Api: 'https://online.example/Cust12345/api',
      State: 'Running',
      IsRunning: true,
      ValidUntil: '2026-11-21T09:14:07Z',
    },
    needs: [],
    body: ({ url, say, context }, given) => {
      say(() => given)
      const config = { loginHost: url, contextIdentifier: 'Cust12345' } as OnlineConfig
      return readTenantStatus(config, true, context)
    },
  },
  {
    answer: 'superoffice.keySet',
    example: { keys: [] },
    needs: ['keys'],
    body: ({ url, say, context }, given) => {
      say(() => given)
      return signingKeys(url, true, context)
    },
  },
  {
    answer: 'superoffice.signingKey',
    example: KEY,
    others: [
      { ...KEY, kid: 'k2' },
      { ...KEY, kid: 'k3' },
    ],
    needs: [],
    records: ({ url, say, context }, keys) => {
      say(() => ({ keys }))
      return signingKeys(url, true, context)
    },
  },
  {
    answer: 'superoffice.tokenPart',
    example: { alg: 'RS256', kid: 'k1', typ: 'JWT' },
    needs: [],
    body: async (_stage, given) => orRefused(claimsOf(`${base64({})}.${base64(given)}.x`)),
  },
  body(
    'superoffice.token',
    { IsSuccessful: true, Token: 'a.b.c', ErrorMessage: null },
    [],
    'superOffice',
  ),
  {
    answer: 'superoffice.listItems',
    example: [],
    needs: [],
    body: ({ say, superOffice, context }, given) => {
      say(() => given)
      return readListItems(superOffice, 'LegalBase', context)
    },
  },
  ...LISTS.map(([name, entry]): Case => {
    const example = { ...entry, Name: 'As shown', Tooltip: '', Deleted: false }
    return {
      answer: `superoffice.${name}`,
      example,
      others: [
        { ...example, Key: 'ONE' },
        { ...example, Key: 'THREE' },
      ],
      needs: ['Key'],
      records: ({ say, superOffice, context }, given) => {
        say(() => given)
        return readListItems(superOffice, name, context)
      },
    }
  }),
  {
    answer: 'superoffice.principal',
    example: {
      AssociateId: 316,
      PersonId: 7,
      UserType: 'SystemAssociate',
      FunctionRights: ['admin-all'],
      DatabaseContextIdentifier: 'Cust12345',
    },
    needs: ['AssociateId'],
    body: ({ say, superOffice, context }, given) => {
      say(() => given)
      return currentPrincipal(superOffice, context)
    },
  },
  body('superoffice.webhooks', [], [], 'superOffice'),
  listed(
    'superoffice.webhook',
    { WebhookId: 2, Name: 'Theirs', Events: ['contact.created'], State: 'Active', Type: 'webhook' },
    [{ WebhookId: 1 }, { WebhookId: 3 }],
    ['WebhookId', 'Name'],
  ),
  {
    answer: 'superoffice.event',
    example: {
      EventId: 'd1a3',
      Timestamp: '2026-11-21T09:14:07Z',
      Event: 'person.consented',
      PrimaryKey: 7,
      Entity: 'person',
      ContextIdentifier: 'Cust12345',
      ChangedByAssociateId: 5,
      Changes: ['person_id'],
      WebhookName: 'ours',
    },
    needs: ['Event'],
    body: async (_stage, given) => orRefused(readEvent(Buffer.from(JSON.stringify(given) ?? ''))),
  },
  body('superoffice.trialWrite', { Success: true, RowStatus: [] }, [], 'superOffice'),
  body('superoffice.massWrite', { Success: true, RowStatus: [] }, [], 'superOffice'),
  listed(
    'superoffice.rowStatus',
    { Action: 'Updated', RowKeys: ['7', '2'], PrimaryKey: 12 },
    [{ RowKeys: ['6', '2'] }, { RowKeys: ['8', '2'] }],
    ['Action', 'RowKeys'],
  ),
  body(
    'superoffice.personCard',
    { Firstname: 'Anna', UpdatedDate: '2026-11-21T09:14:07' },
    [],
    'superOffice',
  ),
  body('superoffice.root', { NetServerVersion: '10.2.7', Links: {} }, [], 'superOffice'),
  {
    answer: 'superoffice.archivePage',
    example: { 'odata.metadata': 'https://x', 'odata.nextLink': null, value: [] },
    needs: ['value', 'odata.nextLink'],
    body: ({ say, superOffice, context }, given) => {
      say(() => given)
      const query = { provider: 'dynamic', select: ['email.person_id'], filter: 'f', name: 'test' }
      const page = { ...query, orderBy: 'email.person_id', top: 10 }
      return new Installation(superOffice).archive.page(page, context)
    },
  },
  ...ARCHIVE_ROWS,
]
