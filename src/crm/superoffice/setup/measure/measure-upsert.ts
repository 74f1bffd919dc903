import { z } from 'zod'
import { answer, type CallContext, part, UpstreamError } from '../../../../http/index.js'
import type { Measurement } from '../../facts.js'
import type { ListName } from '../../lists.js'
import { isOwnException } from '../../wire/describe-error.js'
import { toFlag } from '../../wire/values.js'
import type { TestRow } from './test-rows.js'
import type { Trial } from './trial.js'

/** As the driver writes them. */
const COLUMNS = ['person_id', 'consentPurpose_id', 'legalBase_id', 'consentSource_id', 'comment']

const UPSERT = 'POST /Agents/DatabaseTable/Upsert'

export const upsertAnswer = answer(
  { name: 'superoffice.trialWrite', operation: UPSERT, lossUnit: 'call' },
  part({ Success: z.unknown().optional() }),
)

/**
 * Whether a mass write raises the row's version by one and names us, without which it must not be used: doubts would be
 * blind (docs/wire-superoffice.md, 7). Writes the test person's row only; `NoChange` leaves every other one alone.
 *
 * @param before the row as it stands, best last written by somebody else. @throws UpstreamError, AppError
 */
export async function measureUpsert(
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
  // Where we wrote the row before as well, only the time tells that this write named us.
  const named =
    after.updatedBy === ourAssociateId &&
    (before.updatedBy !== ourAssociateId || after.updatedMs !== before.updatedMs)
  return counted && named ? 'counts' : 'blind'
}

/** Not granted, not there, or refused: none of these says anything of the credentials or of the server's state. */
function isNoAnswerForUs(error: UpstreamError): boolean {
  const codes = ['upstream_forbidden', 'upstream_not_found', 'upstream_refused']
  return codes.includes(error.code) || isOwnException(error)
}
