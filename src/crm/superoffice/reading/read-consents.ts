import { PURPOSES, type Purpose } from '../../../domain/legal-basis.js'
import type { CallContext } from '../../../http/index.js'
import type { CrmConsent } from '../../crm.js'
import { listKnowing } from '../archive/list-in.js'
import type { SuperOfficeFacts } from '../facts.js'
import type { Installation } from '../installation.js'
import { isOneOf } from '../wire/filter.js'
import { numberOf } from '../wire/values.js'
import {
  CONSENT_COLUMNS,
  CONSENT_ID,
  CONSENT_MAY_LACK,
  CONSENT_PERSON,
  type ConsentRow,
  hasPurpose,
  toConsentRow,
  unreadableAt,
  ABSENT,
  toConsent,
  UNREADABLE,
} from './consent-row.js'

/** The installation, and what set-up learned about it. */
export interface ReadSource {
  readonly installation: Installation
  readonly facts: SuperOfficeFacts
  /** Called for each row as it is read. */
  readonly onRow?: (row: ConsentRow) => void
}

const OPERATION = 'GET /Archive/dynamic'

/** Both purposes of a person. */
export type Consents = Readonly<Record<Purpose, CrmConsent>>

/**
 * The consents of persons, each with value, version, last writer and times (docs/wire-superoffice.md, 4, 6.1).
 * Everybody requested is in the result: without a row nothing is recorded; if a row without an owner may be theirs,
 * both are unknown.
 * @throws UpstreamError, AppError
 */
export async function readConsents(
  { installation, facts, onRow }: ReadSource,
  personIds: readonly number[],
  name: 'consents.read' | 'consents.readBefore' | 'consents.readBack',
  context: CallContext,
): Promise<ReadonlyMap<number, Consents>> {
  const { archive } = installation
  const ourselves = await installation.ourselves(facts, context)
  const { rows, unknown } = await listKnowing(
    archive,
    {
      values: personIds,
      rowsPerValue: PURPOSES.length,
      of: (piece) => ({
        provider: 'dynamic',
        select: CONSENT_COLUMNS,
        mayLack: CONSENT_MAY_LACK,
        where: [isOneOf(CONSENT_PERSON, piece)],
        key: CONSENT_ID,
        name,
        end: 'shortPage',
      }),
    },
    (row, asked) => !asked.has(numberOf(row, CONSENT_PERSON) ?? 0),
    context,
  )
  unknown.forEach((personId) =>
    context.onUnreadable?.({ operation: OPERATION, path: CONSENT_PERSON, id: String(personId) }),
  )
  const unclear = new Set<number | null>([
    ...unknown,
    ...rows.filter((row) => !hasPurpose(row)).map((row) => numberOf(row, CONSENT_PERSON)),
  ])
  const consents = new Map(
    personIds.map((id) => [id, eachPurpose(unclear.has(id) ? UNREADABLE : ABSENT)]),
  )
  const strictest = new Map<string, CrmConsent>()
  for (const raw of rows) {
    const path = unreadableAt(raw)
    if (path !== null) {
      const id = String(numberOf(raw, CONSENT_PERSON))
      context.onUnreadable?.({ operation: OPERATION, path, id })
    }
    const row = toConsentRow(raw)
    const own = row === null || unknown.has(row.personId) ? undefined : consents.get(row.personId)
    if (row !== null && own !== undefined) {
      onRow?.(row)
      // SuperOffice keeps one row per purpose; an upgrade may leave two, and neither may hide a withdrawal.
      const place = `${row.personId} ${row.purpose}`
      const consent = path !== null ? UNREADABLE : toConsent(row, ourselves)
      own[row.purpose] = stricterOf(strictest.get(place), consent)
      strictest.set(place, own[row.purpose])
    }
  }
  return consents
}

/** Of two rows of a purpose: the unreadable one, else the denying one, else the later one. */
function stricterOf(before: CrmConsent | undefined, next: CrmConsent): CrmConsent {
  return before === undefined || strictness(next) >= strictness(before) ? next : before
}

function strictness({ value }: CrmConsent): number {
  return value === null ? 2 : value === 'withdrawn' ? 1 : 0
}

function eachPurpose(consent: CrmConsent): Record<Purpose, CrmConsent> {
  return Object.fromEntries(PURPOSES.map((purpose) => [purpose, consent])) as Record<
    Purpose,
    CrmConsent
  >
}
