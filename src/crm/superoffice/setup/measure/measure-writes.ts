import type { SetupPause } from '../../../../contracts/setup.js'
import type { CallContext } from '../../../../http/index.js'
import { type CrmFacts, SetupPaused } from '../../../crm.js'
import type { Measurement } from '../../facts.js'
import type { SuperOfficeCrm } from '../../session.js'
import { measureCard } from './measure-card.js'
import { measureUpsert } from './measure-upsert.js'
import { Trial } from './trial.js'

/**
 * Writes to one consent of the test person a few times, looks what became of the row, and puts back what was there
 * (docs/reconciliation.md, limits of a rich CRM). Whoever is mailed: it is withdrawn or a legitimate interest for a few
 * seconds. A killed run is put right by the next one.
 *
 * @returns facts. @throws SetupPaused where a write does not raise the version by exactly one; UpstreamError, AppError.
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
    // What failed is the error that counts; what could not be put back now bears the mark.
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
  // Only a row that somebody else wrote last shows whether a mass write names us.
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

/** Nothing could be told from a person's act: each write of ours would look like somebody else's in between. */
function doesNotCount(personId: number, raised: readonly (number | null)[]): SetupPause {
  return {
    code: 'stepFailed',
    message:
      'A write to a consent of the test person did not raise its updatedCount by exactly one, so that our own writes ' +
      "could not be told from people's. This installation cannot be synced as it is: ask our support. If somebody " +
      'else wrote to that person meanwhile, retry.',
    choices: ['retry', 'abort'],
    seen: { testPersonId: personId, raisedBy: raised },
  }
}
