import type { FactSecrets } from '../../crm.js'
import type { WebhookFacts } from '../facts.js'

/**
 * The webhook's secrets in the clear, newest first. An earlier one that cannot be opened any more is left out.
 * @throws what `open` throws, if none opens.
 */
export function openSecrets({ secrets: sealed }: WebhookFacts, { open }: FactSecrets): string[] {
  let failure: unknown = null
  const opened = sealed.flatMap((one) => {
    try {
      return [open(one)]
    } catch (error) {
      failure ??= error
      return []
    }
  })
  if (opened.length === 0) {
    throw failure
  }
  return opened
}
