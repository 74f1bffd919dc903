import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { answer, type CallContext, part, UpstreamError } from '../../../../http/index.js'
import { isOwnException } from '../../wire/describe-error.js'
import type { TestRow } from './test-rows.js'
import type { Trial } from './trial.js'

/** Neither is worth failing for: without one of them the card does not show whether it was saved. */
const text = z.string().nullish().catch(null)
export const personCard = answer(
  { name: 'superoffice.personCard', operation: 'GET /Person/{id}', lossUnit: 'call' },
  part({ Firstname: text, UpdatedDate: text }),
)

/** Dates have whole seconds: a save within the second of the one before could not be seen. */
const NEXT_SECOND_MS = 1_100

/**
 * Whether saving the person's card touches a consent row. The first name is written as it is; that this counted as a
 * save is seen by the person's own date.
 *
 * @returns null: the card could not be saved, or it does not show. @throws UpstreamError, AppError
 */
export async function measureCard(trial: Trial, context: CallContext): Promise<boolean | null> {
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

/** A card may be refused for a field that its organisation has made mandatory; by which status is not documented. */
function isRefused(error: UpstreamError): boolean {
  return (!error.retryable && error.code !== 'upstream_auth_failed') || isOwnException(error)
}

async function readCard(trial: Trial, context: CallContext) {
  const { body } = await trial.crm.client.json(
    {
      method: 'GET',
      path: `/Person/${trial.personId}`,
      operation: personCard.operation,
      name: 'setup.look',
      effect: 'read',
    },
    personCard,
    context,
  )
  return body
}

function hasMoved(before: TestRow | undefined, after: TestRow): boolean {
  return before?.updatedCount !== after.updatedCount || before.updatedMs !== after.updatedMs
}
