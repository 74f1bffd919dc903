import type { LegalBasis, Purpose } from '../../../domain/legal-basis.js'
import { type CallContext, UpstreamError } from '../../../http/index.js'
import type { Installation } from '../installation.js'
import type { ListItem, ListName } from '../lists.js'
import { keyOfBasis, keyOfPurpose } from '../wire/keys.js'
import type { ConsentToSet } from './put-consent.js'

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
export interface ConsentIds {
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
