import { badRequest } from '../errors.js'
import type { Installation } from '../installation.js'
import { YEAR_ONE } from './dates.js'
import type { ConsentRow, ListRow } from './rows.js'
import type { ConsentWrite } from './write-log.js'

/** A decision to record. List items are rows, so that unknown keys are refused earlier. */
export interface ConsentDecision {
  readonly personId: number
  readonly purpose: ListRow
  readonly legalBase: ListRow
  readonly source: ListRow
  readonly comment: string
  readonly associateId: number
  readonly via: ConsentWrite['via']
  /** Time in seconds; default the installation's own clock. Only the control API can set it. */
  readonly at?: number | undefined
}

const LONGEST_COMMENT = 255

/**
 * Records a decision: inserts or updates the single row of person and purpose. The server stamps it, and no caller can
 * set a time (wire page, 0.3). Throws 400 for a comment that is too long.
 */
export function writeConsent(world: Installation, decision: ConsentDecision): ConsentRow {
  if (decision.comment.length > LONGEST_COMMENT) {
    throw badRequest('The comment is longer than 255 characters')
  }
  const at = decision.at ?? world.nowSeconds()
  const fields = {
    legalBase_id: decision.legalBase['legalBase_id'] as number,
    consentSource_id: decision.source['consentSource_id'] as number,
    comment: decision.comment,
  }
  const purposeId = decision.purpose['consentPurpose_id'] as number
  const row = world.store.consent(decision.personId, purposeId)
  if (row === undefined) {
    return inserted(world, decision, at, fields)
  }
  const same = Object.entries(fields).every(([column, value]) => row[column] === value)
  if (same && world.switches.equalWrite === 'skipped') {
    return row
  }
  const before = baseKey(world, row.legalBase_id)
  const changes = { ...fields, ...stampOf(row, decision.associateId, at) }
  const changed = Object.entries(changes).filter(([column, value]) => row[column] !== value)
  world.store.consentperson.update(row, changes)
  afterWrite(world, decision, row, before, ['consentperson_id', ...changed.map(([name]) => name)])
  return row
}

/** Fields of a write's stamp: user, time, and the count plus one. */
export function stampOf(row: { updatedCount: number }, associateId: number, at: number) {
  return { updated: at, updated_associate_id: associateId, updatedCount: row.updatedCount + 1 }
}

/** Removes a row permanently, without a trace of when or why, as the real service does. */
export function removeConsent(world: Installation, row: ConsentRow, associateId: number): void {
  world.store.consentperson.delete(row)
  world.writes.add({
    ...logged(world, row, associateId, 'control'),
    before: baseKey(world, row.legalBase_id),
    after: null,
    updatedCount: null,
  })
  world.sender.enqueue('person.unconsented', row.person_id, associateId, ['consentperson_id'])
}

export function baseKey(world: Installation, id: number): string | null {
  return world.store.legalbase.get(id)?.key ?? null
}

function inserted(
  world: Installation,
  decision: ConsentDecision,
  at: number,
  fields: { legalBase_id: number; consentSource_id: number; comment: string },
): ConsentRow {
  const { firstUpdatedCount, updatedOnInsert } = world.switches
  const asRegistered = updatedOnInsert === 'registered'
  const row = world.store.consentperson.insert({
    person_id: decision.personId,
    consentPurpose_id: decision.purpose['consentPurpose_id'] as number,
    ...fields,
    registered: at,
    registered_associate_id: decision.associateId,
    updated: asRegistered ? at : YEAR_ONE,
    updated_associate_id: asRegistered ? decision.associateId : 0,
    updatedCount: firstUpdatedCount,
  })
  afterWrite(world, decision, row, null, Object.keys(row))
  return row
}

/** The person's own stamp follows E-marketing but not the other purposes (wire page, 0.1). */
function afterWrite(
  world: Installation,
  decision: ConsentDecision,
  row: ConsentRow,
  before: string | null,
  changes: readonly string[],
): void {
  const person = world.store.person.get(decision.personId)
  if (person !== undefined && decision.purpose.key.replace('#', '') === 'EMARKETING') {
    world.store.person.update(
      person,
      stampOf(person, decision.associateId, decision.at ?? world.nowSeconds()),
    )
    if (world.switches.consentRaisesChanged) {
      world.sender.enqueue('person.changed', person.person_id, decision.associateId, ['updated'])
    }
  }
  world.writes.add({
    ...logged(world, row, decision.associateId, decision.via),
    before,
    after: decision.legalBase.key,
    updatedCount: row.updatedCount,
  })
  const withdrawn = decision.legalBase.key.replace('#', '') === 'WITHDRAWN'
  const event = withdrawn ? 'person.unconsented' : 'person.consented'
  world.sender.enqueue(event, decision.personId, decision.associateId, changes)
}

function logged(
  world: Installation,
  row: ConsentRow,
  associateId: number,
  via: ConsentWrite['via'],
) {
  return {
    at: new Date(world.clock.now()).toISOString(),
    via,
    associateId,
    personId: row.person_id,
    purpose: world.store.consentpurpose.get(row.consentPurpose_id)?.key ?? '',
    source: world.store.consentsource.get(row.consentSource_id)?.key ?? null,
    comment: row.comment,
  }
}
