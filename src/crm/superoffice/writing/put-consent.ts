import type { CallContext } from '../../../http/index.js'
import type { SuperOfficeClient } from '../client.js'
import { encodeParameters } from '../wire/filter.js'

/** For errors and counts of writing. */
export const PUT_CONSENT = 'PUT /Person/{id}/Consent/{purpose}'

/** Shown on the person's card; at most 255 characters, and about nobody. */
export const COMMENT = 'Set by eMarketeer (legal basis sync)'

/** One consent to set; keys in the installation's spelling. */
export interface ConsentToSet {
  readonly personId: number
  readonly purposeKey: string
  readonly basisKey: string
  readonly sourceKey: string
  /** Replaces the usual comment; at most 255 characters. */
  readonly comment?: string
}

/**
 * Sets one consent: creates or changes the row, whatever its value (docs/wire-superoffice.md, 5.2). It can carry
 * neither a time nor a version.
 * @throws UpstreamError, AppError
 */
export async function putConsent(
  client: SuperOfficeClient,
  { personId, purposeKey, basisKey, sourceKey, comment = COMMENT }: ConsentToSet,
  context: CallContext,
): Promise<void> {
  const query = encodeParameters({ source: sourceKey, legalBase: basisKey, comment })
  await client.text(
    {
      method: 'PUT',
      path: `/Person/${personId}/Consent/${encodeURIComponent(purposeKey)}?${query}`,
      operation: PUT_CONSENT,
      name: 'consent.put',
      effect: 'write',
    },
    context,
  )
}
