import { SetupPaused, type StepContext } from '../../../crm.js'
import type { DataverseClient } from '../../client.js'
import { holdForDrafts } from './foreign-drafts.js'
import type { CallContext } from '../../../../http/index.js'
import { poll } from '../../poll.js'
import { lostAnswer } from '../../wire/errors.js'
import { ownLayers } from '../form/plan.js'

/**
 * Publishes these tables; nothing else in set-up publishes (docs/wire-dataverse.md, 9.6). Contact is not published
 * while somebody's draft is pending, which is checked again immediately before, even if the step has checked it. Takes
 * up to two minutes and holds the organisation's customization lock.
 *
 * @param choices what else Support may choose if it has to wait.
 * @throws SetupPaused `draftPending`; UpstreamError
 */
export async function publishTables(
  client: DataverseClient,
  tables: readonly string[],
  choices: readonly ('skip' | 'abort')[],
  context: StepContext,
): Promise<void> {
  const pause = tables.includes('contact') ? await holdForDrafts(client, choices, context) : null
  if (pause !== null) {
    throw new SetupPaused(pause)
  }
  const entities = tables.map((table) => `<entity>${table}</entity>`).join('')
  await client.text(
    {
      method: 'POST',
      path: 'PublishXml',
      operation: 'POST /PublishXml',
      name: 'setup.publish',
      effect: 'write',
      json: {
        ParameterXml: `<importexportxml><entities>${entities}</entities></importexportxml>`,
      },
      requestTimeoutMs: 240_000,
    },
    context,
  )
}

/** Publishing is complete when the request is answered, but the cache may lag (docs/wire-dataverse.md, trap 14). */
const VISIBLE_WITHIN_MS = 60_000

/**
 * Waits until users see the form with or without our section. @throws UpstreamError, retryable if that takes too long.
 */
export async function untilPublished(
  client: DataverseClient,
  formId: string,
  { shown }: { readonly shown: boolean },
  context: CallContext,
): Promise<void> {
  const settled = await poll(
    async () => {
      const own = await ownLayers(client, formId, context)
      return (own?.published ?? false) === shown ? true : null
    },
    { withinMs: VISIBLE_WITHIN_MS },
    context,
  )
  if (settled === null) {
    throw lostAnswer('POST /PublishXml', 'write', 'published, but not visible yet')
  }
}
