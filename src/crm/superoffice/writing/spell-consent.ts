import type { LegalBasis, Purpose } from '../../../domain/legal-basis.js'
import { type CallContext, UpstreamError } from '../../../http/index.js'
import type { Installation } from '../installation.js'
import type { ListName } from '../lists.js'
import { keyOfBasis, keyOfPurpose } from '../wire/keys.js'
import type { ConsentToSet } from './put-consent.js'

/** The keys of a consent, or which list lacks one. */
export type Spelling =
  | { readonly ok: true; readonly keys: Omit<ConsentToSet, 'personId'> }
  | { readonly ok: false; readonly upstreamCode: string }

/**
 * Spells purpose, basis and source as the installation does: old ones put `#` before keys, and casing is theirs
 * (docs/wire-superoffice.md, 4). Where the lists may not be read, the documented keys are used.
 *
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
  const purposeKey = await spell('ConsentPurpose', keyOfPurpose(consent.purpose))
  const basisKey = await spell('LegalBase', keyOfBasis(consent.basis))
  const sourceKey = await spell('ConsentSource', consent.sourceKey)
  if (purposeKey === null || basisKey === null || sourceKey === null) {
    const missing =
      purposeKey === null ? 'purpose' : basisKey === null ? 'legal_base' : 'consent_source'
    return { ok: false, upstreamCode: `${missing}_not_there` }
  }
  return { ok: true, keys: { purposeKey, basisKey, sourceKey } }

  async function spell(list: ListName, key: string): Promise<string | null> {
    try {
      return (await installation.lists.item(list, key, context))?.key ?? null
    } catch (error) {
      const { status = null } = error instanceof UpstreamError ? error : {}
      if (status === 403 || status === 404) {
        return key
      }
      throw error
    }
  }
}
