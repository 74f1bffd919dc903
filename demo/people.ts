import type { LegalBasis } from '../src/domain/legal-basis.js'

/** A person of the tour. Each has one part to play. */
export interface DemoPerson {
  readonly firstName: string
  readonly lastName: string
  readonly basis: LegalBasis
  /** null: not in Dynamics. */
  readonly bulkEmail: 'allow' | 'doNotAllow' | null
}

/** The people with a part in Dynamics. */
const CAST = {
  anna: { firstName: 'Annike', lastName: 'Tourberg', basis: 'consent', bulkEmail: 'allow' },
  bo: { firstName: 'Bosse', lastName: 'Tourdal', basis: 'consent', bulkEmail: 'allow' },
  carin: { firstName: 'Carinne', lastName: 'Tourek', basis: 'withdrawn', bulkEmail: 'doNotAllow' },
  david: { firstName: 'Davide', lastName: 'Tourfalk', basis: 'withdrawn', bulkEmail: 'doNotAllow' },
  elsa: { firstName: 'Elsabet', lastName: 'Tourholm', basis: 'contract', bulkEmail: 'allow' },
  filip: { firstName: 'Filippo', lastName: 'Tourlind', basis: 'consent', bulkEmail: 'allow' },
  greta: { firstName: 'Gretchen', lastName: 'Tournyman', basis: 'consent', bulkEmail: 'allow' },
  hugo: { firstName: 'Hugolin', lastName: 'Tourstrand', basis: 'withdrawn', bulkEmail: 'allow' },
  ines: { firstName: 'Inesita', lastName: 'Tourwik', basis: 'consent', bulkEmail: null },
  mona: { firstName: 'Monalill', lastName: 'Touraas', basis: 'consent', bulkEmail: 'allow' },
  nils: { firstName: 'Nilsemann', lastName: 'Tourbakk', basis: 'consent', bulkEmail: 'allow' },
  olga: { firstName: 'Olgarita', lastName: 'Tourskog', basis: 'consent', bulkEmail: 'allow' },
  petra: { firstName: 'Petranella', lastName: 'Tourvold', basis: 'consent', bulkEmail: 'allow' },
  ragna: { firstName: 'Ragnarina', lastName: 'Tourmyr', basis: 'consent', bulkEmail: 'allow' },
} as const satisfies Record<string, DemoPerson>

export type Part = keyof typeof CAST

const EXTRAS = 60
const BASES: readonly LegalBasis[] = ['consent', 'legitimateInterest', 'none', 'contract']

/** Everybody in Dynamics, by address. */
export function everybody(): ReadonlyMap<string, DemoPerson> {
  const people = new Map<string, DemoPerson>()
  for (const part of Object.keys(CAST) as Part[]) {
    people.set(emailOf(part), CAST[part])
  }
  for (let number = 1; number <= EXTRAS; number += 1) {
    people.set(`extra${number}@tour.example`, {
      firstName: `Extra${number}`,
      lastName: 'Tourist',
      basis: BASES[number % BASES.length]!,
      bulkEmail: 'allow',
    })
  }
  return people
}

export function emailOf(part: Part): string {
  return `${part}.${CAST[part].lastName.toLowerCase()}@tour.example`
}
