import { type CallContext, UpstreamError } from '../../../http/index.js'
import type { SuperOfficeClient } from '../client.js'
import { encodeParameters } from '../wire/filter.js'
import type { LegalBasis, Purpose } from '../../../domain/legal-basis.js'
import type { Installation } from '../installation.js'
import type { ListItem, ListName } from '../lists.js'
import { keyOfBasis, keyOfPurpose } from '../wire/keys.js'

/** The keys of a consent, or which list lacks one. */
export type Spelling =
  | {
      readonly ok: true
      readonly keys: Omit<ConsentToSet, 'personId'>
      /** Their ids, for mass writes; null if the lists are not readable. */
      readonly ids: ConsentIds | null
    }
  | { readonly ok: false; readonly upstreamCode: string }

/** Ids are positive. */
const NO_ID = 0

/** A consent by ids of the three lists. */
interface ConsentIds {
  readonly purposeId: number
  readonly basisId: number
  readonly sourceId: number
}

/**
 * Spells purpose, basis and source as the installation does: old ones put `#` before keys, and their case varies
 * (docs/wire-superoffice.md, 4). If the lists are not readable, the documented keys are used.
 * @throws UpstreamError, AppError
 */
export async function spellConsent(
  installation: Installation,
  consent: {
    readonly purpose: Purpose
    readonly basis: Exclude<LegalBasis, 'none'>
    readonly sourceKey: string
  },
  context: CallContext,
): Promise<Spelling> {
  const purpose = await spell('ConsentPurpose', keyOfPurpose(consent.purpose))
  const basis = await spell('LegalBase', keyOfBasis(consent.basis))
  const source = await spell('ConsentSource', consent.sourceKey)
  if (purpose === null || basis === null || source === null) {
    const missing = purpose === null ? 'purpose' : basis === null ? 'legal_base' : 'consent_source'
    return { ok: false, upstreamCode: `${missing}_not_there` }
  }
  const keys = { purposeKey: purpose.key, basisKey: basis.key, sourceKey: source.key }
  const ids = { purposeId: purpose.id, basisId: basis.id, sourceId: source.id }
  return { ok: true, keys, ids: Object.values(ids).includes(NO_ID) ? null : ids }

  async function spell(list: ListName, key: string): Promise<Pick<ListItem, 'id' | 'key'> | null> {
    try {
      return await installation.lists.item(list, key, context)
    } catch (error) {
      const { status = null } = error instanceof UpstreamError ? error : {}
      if (status === 403 || status === 404) {
        return { id: NO_ID, key }
      }
      throw error
    }
  }
}

/** For errors and counts of writing. */
export const PUT_CONSENT = 'PUT /Person/{id}/Consent/{purpose}'

/** Shown on the person's card; at most 255 characters, and about nobody. */
export const COMMENT = 'Set by eMarketeer (legal basis sync)'

/** One consent to set; keys in the installation's spelling. */
interface ConsentToSet {
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
