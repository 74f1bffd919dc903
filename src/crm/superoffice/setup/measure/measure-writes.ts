import { setupRead } from '../../../own-step.js'
import type { SetupPause } from '../../../../contracts/setup.js'
import { type CallContext, answer, part, UpstreamError } from '../../../../http/index.js'
import { type CrmFacts, SetupPaused } from '../../../crm.js'
import type { Measurement } from '../../facts.js'
import type { SuperOfficeCrm } from '../../session.js'
import { Trial, type TestRow } from './trial.js'
import { z } from 'zod'
import type { ListName } from '../../lists.js'
import { isOwnException } from '../../wire/describe-error.js'
import { toFlag } from '../../wire/values.js'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Writes to one consent of the test person a few times, reads how the row changed, and restores it
 * (docs/reconciliation.md, limits of a rich CRM). For a few seconds the consent is "withdrawn" or "legitimate
 * interest", whatever its value. If a run is killed, the next one restores the consent.
 * @returns facts. @throws SetupPaused if a write does not raise the version by exactly one; UpstreamError, AppError.
 */
export async function measureWrites(
  crm: SuperOfficeCrm,
  personId: number,
  context: CallContext,
): Promise<CrmFacts> {
  const trial = await Trial.begin(crm, personId, context)
  try {
    const facts = await measure(trial, crm.facts.firstVersion ?? null, context)
    await trial.restore()
    return facts
  } catch (error) {
    // The first error is the one to report. If restoring fails too, the row stays marked.
    await trial.restore().catch(() => undefined)
    throw error
  }
}

async function measure(
  trial: Trial,
  knownFirstVersion: number | null,
  context: CallContext,
): Promise<CrmFacts> {
  const { installation, facts } = trial.crm
  const { associateId } = await installation.ourselves(facts, context)
  const withdrawn = trial.key('withdrawn')
  const existing = (await trial.rows()).get(trial.purpose)
  const inserted = existing === undefined ? await trial.put(withdrawn) : null
  const start = existing ?? (await trial.row())
  // Only a row that somebody else wrote last shows whether a mass write names us as the writer.
  const early = start.updatedBy !== associateId && inserted === null
  const upsertEarly = early ? await measureUpsert(trial, start, associateId, context) : null

  const base = await trial.row()
  const other = base.basisKey === withdrawn ? trial.key('legitimateInterest') : withdrawn
  const changed = await trial.put(other)
  const again = await trial.put(other)
  const raised = [rise(base, changed), rise(changed, again)]
  if (raised[0] !== 1 || (raised[1] !== 0 && raised[1] !== 1)) {
    throw new SetupPaused(doesNotCount(trial.personId, raised))
  }
  const cardTouchesConsent = await measureCard(trial, context)
  const upsert =
    upsertEarly ?? (await measureUpsert(trial, await trial.row(), associateId, context))
  const measured: Measurement = {
    personId: trial.personId,
    equalWriteCounts: raised[1] === 1,
    cardTouchesConsent,
    upsert,
  }
  return {
    measured,
    firstVersion: inserted?.updatedCount ?? knownFirstVersion,
  }
}

interface Counted {
  readonly updatedCount: number | null
}

function rise(before: Counted, after: Counted): number | null {
  const { updatedCount } = after
  return before.updatedCount === null || updatedCount === null
    ? null
    : updatedCount - before.updatedCount
}

/** Without a reliable version, each of our own writes would look as if somebody else had written in between. */
function doesNotCount(personId: number, raised: readonly (number | null)[]): SetupPause {
  return {
    code: 'stepFailed',
    message:
      'A write to a consent of the test person did not raise its updatedCount by exactly one, so that our own writes ' +
      "could not be distinguished from people's. This installation cannot be synced as it is: ask our support. If somebody " +
      'else wrote to that person meanwhile, retry.',
    choices: ['retry', 'abort'],
    seen: { testPersonId: personId, raisedBy: raised },
  }
}

/** The same columns as in a mass write of the driver. */
const COLUMNS = ['person_id', 'consentPurpose_id', 'legalBase_id', 'consentSource_id', 'comment']

const UPSERT = 'POST /Agents/DatabaseTable/Upsert'

export const upsertAnswer = answer(
  { name: 'superoffice.trialWrite', operation: UPSERT, lossUnit: 'call' },
  part({ Success: z.unknown().optional() }),
)

/**
 * Whether a mass write raises the row's version by one and names us as the writer. If it does not, mass writes must not
 * be used: a later check could not recognise our own write (docs/wire-superoffice.md, 7). Only the test person's row is
 * written: `NoChange` leaves all other rows unchanged.
 * @param before the present row, preferably last written by somebody else.
 * @returns `counts`, `blind` or `unavailable`, as in the facts. @throws UpstreamError, AppError
 */
async function measureUpsert(
  trial: Trial,
  before: TestRow,
  ourAssociateId: number,
  context: CallContext,
): Promise<Measurement['upsert']> {
  const { lists } = trial.crm.installation
  const { client } = trial.crm
  const idOf = async (list: ListName, key: string) =>
    (await lists.item(list, key, context))?.id || undefined
  const isWithdrawn = before.basisKey === trial.key('withdrawn')
  const basisKey = trial.key(isWithdrawn ? 'legitimateInterest' : 'withdrawn')
  const purposeId = await idOf('ConsentPurpose', trial.purposeKey)
  const basisId = await idOf('LegalBase', basisKey)
  const sourceId = await idOf('ConsentSource', trial.sourceKey)
  if (purposeId === undefined || basisId === undefined || sourceId === undefined) {
    return 'unavailable'
  }
  try {
    const { body } = await client.json(
      {
        method: 'POST',
        path: '/Agents/DatabaseTable/Upsert',
        operation: UPSERT,
        name: 'setup.measure',
        effect: 'write',
        json: {
          TableName: 'ConsentPerson',
          Columns: COLUMNS,
          Keys: ['person_id', 'consentPurpose_id'],
          Data: [[...[trial.personId, purposeId, basisId, sourceId].map(String), trial.comment]],
          NomatchAction: 'NoChange',
          ReturnRowStatus: true,
        },
      },
      upsertAnswer,
      context,
    )
    if (toFlag(body.Success) !== true) {
      return 'unavailable'
    }
  } catch (error) {
    if (error instanceof UpstreamError && error.status !== null && isNoAnswerForUs(error)) {
      return 'unavailable'
    }
    throw error
  }
  const after = await trial.row()
  const counted = after.updatedCount === (before.updatedCount ?? Number.NaN) + 1
  // If we wrote the previous version as well, only a new time proves that this write named us.
  const named =
    after.updatedBy === ourAssociateId &&
    (before.updatedBy !== ourAssociateId || after.updatedMs !== before.updatedMs)
  return counted && named ? 'counts' : 'blind'
}

/**
 * The call is not granted, not available or refused. This proves nothing about the credentials or the server's state.
 */
function isNoAnswerForUs(error: UpstreamError): boolean {
  const codes = ['upstream_forbidden', 'upstream_not_found', 'upstream_refused']
  return codes.includes(error.code) || isOwnException(error)
}

/** Neither field is worth failing for: without one of them it only stays unknown whether the card was saved. */
const text = z.string().nullish().catch(null)
export const personCard = answer(
  { name: 'superoffice.personCard', operation: 'GET /Person/{id}', lossUnit: 'call' },
  part({ Firstname: text, UpdatedDate: text }),
)

/** Dates are in full seconds: two saves within the same second could not be distinguished. */
const NEXT_SECOND_MS = 1_100

/**
 * Whether saving the person's card changes a consent row. The first name is written with its present value; the
 * person's own date shows whether the card was really saved.
 * @returns null if the card could not be saved, or its date did not change. @throws UpstreamError, AppError
 */
async function measureCard(trial: Trial, context: CallContext): Promise<boolean | null> {
  await sleep(NEXT_SECOND_MS, undefined, context.signal ? { signal: context.signal } : {})
  const rowsBefore = await trial.rows()
  const before = await readCard(trial, context)
  if (!before.Firstname) {
    return null
  }
  try {
    await trial.crm.client.text(
      {
        method: 'PATCH',
        path: `/Person/${trial.personId}`,
        operation: 'PATCH /Person/{id}',
        name: 'setup.measure',
        effect: 'write',
        json: { Firstname: before.Firstname },
      },
      context,
    )
  } catch (error) {
    if (error instanceof UpstreamError && isRefused(error)) {
      return null
    }
    throw error
  }
  const after = await readCard(trial, context)
  const rowsAfter = await trial.rows()
  const touched = [...rowsAfter].some(([purpose, row]) => hasMoved(rowsBefore.get(purpose), row))
  const saved = after.UpdatedDate !== before.UpdatedDate
  return touched ? true : saved ? false : null
}

/**
 * A card may be refused for a field that its organisation has made mandatory. The status of that refusal is not
 * documented.
 */
function isRefused(error: UpstreamError): boolean {
  return (!error.retryable && error.code !== 'upstream_auth_failed') || isOwnException(error)
}

async function readCard(trial: Trial, context: CallContext) {
  const { body } = await trial.crm.client.json(
    setupRead(`/Person/${trial.personId}`, personCard.operation),
    personCard,
    context,
  )
  return body
}

function hasMoved(before: TestRow | undefined, after: TestRow): boolean {
  return before?.updatedCount !== after.updatedCount || before.updatedMs !== after.updatedMs
}
