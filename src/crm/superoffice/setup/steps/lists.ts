import { LEGAL_BASES, PURPOSES } from '../../../../domain/legal-basis.js'
import type { BasisMapping } from '../../../../domain/tenant-basis.js'
import {
  basisOfKey,
  keyOfBasis,
  keyOfPurpose,
  normalizeKey,
  purposeOfKey,
} from '../../wire/keys.js'
import { checkStep } from '../../../own-step.js'
import type { SuperOfficeCrm } from '../../session.js'
import { type ShownItem, shownItems, usableItem } from '../list-items.js'
import { purposeMissing } from '../pauses.js'

const BASES = LEGAL_BASES.filter((basis) => basis !== 'none')

/**
 * Finds both purposes and the legal bases by key (docs/wire-superoffice.md, 4). Without a purpose or without
 * "withdrawn" nothing can be synced safely, so the step pauses. Any other missing basis is only not synced, and never
 * replaced by another one. The tenant's own bases are synced if the connection file maps them (C2).
 */
export const listsStep = checkStep<SuperOfficeCrm>({
  id: 'lists',
  title: 'Find the purposes and the legal bases',
  weight: 2,
  async verify({ client, basisMapping }, context) {
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
      ...ownBases(bases, basisMapping),
    ].filter((note) => note !== null)
    return notes.length === 0 ? { state: 'done' } : { state: 'done', note: notes.join(' ') }
  },
})

/** Notes on the tenant's own bases, and on mapped keys that the installation lacks, which may be misspelt. */
function ownBases(bases: readonly ShownItem[], mapping: BasisMapping): readonly (string | null)[] {
  const own = others(bases, basisOfKey)
  const there = new Set(bases.map(({ key }) => normalizeKey(key)))
  return [
    list(
      "The tenant's own legal bases that superoffice.legalBases maps",
      own.flatMap((key) => {
        const basis = mapping.get(normalizeKey(key))
        return basis === undefined ? [] : [`${key} (${basis})`]
      }),
    ),
    list(
      "The tenant's own legal bases that superoffice.legalBases does not map; they are neither synced nor mailed",
      own.filter((key) => !mapping.has(normalizeKey(key))),
    ),
    list(
      'Mapped by superoffice.legalBases, and not in this installation',
      [...mapping.keys()].filter((key) => !there.has(key)),
    ),
  ]
}

function others(items: readonly ShownItem[], known: (key: string) => unknown): readonly string[] {
  return items.filter(({ key, usable }) => usable && known(key) === null).map(({ key }) => key)
}

function list(what: string, keys: readonly string[]): string | null {
  return keys.length === 0 ? null : `${what}: ${keys.join(', ')}.`
}

function shown({ key, name, usable }: ShownItem) {
  return { key, name, usable }
}
