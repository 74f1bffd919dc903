import { LEGAL_BASES, PURPOSES } from '../../../domain/legal-basis.js'
import { basisOfKey, keyOfBasis, keyOfPurpose, purposeOfKey } from '../wire/keys.js'
import { checkStep } from './check.js'
import { type ShownItem, shownItems, usableItem } from './list-items.js'
import { purposeMissing } from './pauses.js'

const BASES = LEGAL_BASES.filter((basis) => basis !== 'none')

/**
 * Both purposes, and the bases, by key (docs/wire-superoffice.md, 4). Without a purpose, or without "withdrawn", there
 * is nothing to sync safely. Another basis that is missing, or that the tenant made, only is not carried across: never
 * coerced into another.
 */
export const listsStep = checkStep({
  id: 'lists',
  title: 'Find the purposes and the legal bases',
  weight: 2,
  async verify({ client }, context) {
    const purposes = await shownItems(client, 'ConsentPurpose', context)
    const bases = await shownItems(client, 'LegalBase', context)
    const missingBases = BASES.filter((basis) => usableItem(bases, keyOfBasis(basis)) === null)
    const missing = [
      ...PURPOSES.filter((purpose) => usableItem(purposes, keyOfPurpose(purpose)) === null).map(
        (purpose) => `the purpose with key ${keyOfPurpose(purpose)}`,
      ),
      ...missingBases
        .filter((basis) => basis === 'withdrawn')
        .map((basis) => `the legal basis with key ${keyOfBasis(basis)}`),
    ]
    if (missing.length > 0) {
      const seen = { purposes: purposes.map(shown), legalBases: bases.map(shown) }
      return { state: 'paused', pause: purposeMissing(missing, seen) }
    }
    const notes = [
      list('Not in this installation, and not carried across', missingBases.map(keyOfBasis)),
      list("The tenant's own purposes, which are not synced", others(purposes, purposeOfKey)),
      list(
        "The tenant's own legal bases; consents with them are left alone",
        others(bases, basisOfKey),
      ),
    ].filter((note) => note !== null)
    return notes.length === 0 ? { state: 'done' } : { state: 'done', note: notes.join(' ') }
  },
})

function others(items: readonly ShownItem[], known: (key: string) => unknown): readonly string[] {
  return items.filter(({ key, usable }) => usable && known(key) === null).map(({ key }) => key)
}

function list(what: string, keys: readonly string[]): string | null {
  return keys.length === 0 ? null : `${what}: ${keys.join(', ')}.`
}

function shown({ key, name, usable }: ShownItem) {
  return { key, name, usable }
}
