import type { CallContext } from '../../../../http/index.js'
import type { DataverseClient } from '../../client.js'
import { poll } from '../../poll.js'
import { lostAnswer } from '../../wire/part-error.js'
import { ownLayers } from '../form/plan.js'

/** Publishing is done when it is answered; the cache in front of it may lag (docs/wire-dataverse.md, trap 16). */
const VISIBLE_WITHIN_MS = 60_000

/** Waits until users see the form with, or without, our section. @throws UpstreamError, retryable, where they do not. */
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
