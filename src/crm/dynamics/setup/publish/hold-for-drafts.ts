import type { SetupPause } from '../../../../contracts/setup.js'
import type { StepContext } from '../../../crm.js'
import type { DataverseClient } from '../../client.js'
import { type Draft, foreignDrafts } from './foreign-drafts.js'

/**
 * Whether publishing contact has to wait: somebody's unpublished work would go live with it, without a word (rule E2).
 * Support may decide so (`publishAll`), which stands for the step.
 *
 * @param choices what else can be chosen at this step.
 * @returns null: nothing of theirs waits, or it is to be published. @throws UpstreamError
 */
export async function holdForDrafts(
  client: DataverseClient,
  choices: readonly ('skip' | 'abort')[],
  context: StepContext,
): Promise<SetupPause | null> {
  if (context.choice?.action === 'publishAll') {
    return null
  }
  const drafts = await foreignDrafts(client, context)
  return drafts !== null && drafts.length === 0
    ? null
    : draftsPending(drafts, ['retry', 'publishAll', ...choices])
}

/** Names what waits, and says what cannot be seen. */
function draftsPending(drafts: readonly Draft[] | null, choices: readonly string[]): SetupPause {
  const waiting =
    drafts === null
      ? 'Dynamics does not report which forms and views of contact have unpublished changes.'
      : `Somebody has changes that are not published on ${namesOf(drafts)}.`
  return {
    code: 'draftPending',
    message: `${waiting} Publishing contact would publish all of them${UNSEEN}. Have them published or discarded, then retry; or decide that everything is published (publishAll).`,
    choices,
    seen: { drafts: drafts?.map(({ kind, id, name }) => ({ kind, id, name })) ?? null },
  }
}

const UNSEEN = ', and unpublished columns, labels, ribbons and charts, which we cannot see'

/** Drafts in words. */
export function namesOf(drafts: readonly Draft[]): string {
  return drafts.map(({ kind, name }) => `the ${kind} "${name}"`).join(', ')
}
