import type { LegalBasis } from '../src/domain/legal-basis.js'
import type { SeededContact } from './places/emarketeer-account.js'
import type { SeededPerson } from './places/superoffice-place.js'

type Bases = readonly [marketing: LegalBasis, store: LegalBasis]

interface NordPerson {
  readonly firstName: string
  readonly lastName: string
  readonly mobile?: string
  /** Bases in eMarketeer. */
  readonly here: Bases
  /** Bases in SuperOffice, one person with this address each, oldest first. Empty: no person. */
  readonly there: readonly Bases[]
}

const AGREED = ['consent', 'none'] as const
const NOTHING = ['none', 'none'] as const
const GONE = ['withdrawn', 'none'] as const

const person = (
  firstName: string,
  lastName: string,
  here: Bases,
  there: readonly Bases[],
  mobile?: string,
): NordPerson => ({ firstName, lastName, here, there, ...(mobile ? { mobile } : {}) })

/** The people with a part in SuperOffice Online. */
export const NORD_CAST = {
  astrid: person('Astridur', 'Nordtourli', AGREED, [GONE]),
  birger: person('Birgerson', 'Nordtourmo', GONE, [AGREED]),
  cecilie: person('Ceciliane', 'Nordtournes', NOTHING, [['legitimateInterest', 'contract']]),
  dagny: person('Dagnylill', 'Nordtouroy', ['publicInterest', 'requiredByLaw'], [NOTHING]),
  einar: person('Einarsen', 'Nordtourrud', AGREED, [AGREED, GONE]),
  frida: person('Fridalin', 'Nordtoursby', AGREED, [AGREED, AGREED]),
  gunnar: person('Gunnarino', 'Nordtourtun', AGREED, [AGREED]),
  hanne: person('Hannemor', 'Nordtourvik', AGREED, [AGREED]),
  ivar: person('Ivarsson', 'Nordtouras', AGREED, [AGREED]),
  jorunn: person('Jorunnemor', 'Nordtourdal', AGREED, [AGREED], '+47 900 55 101'),
  kjell: person('Kjellemann', 'Nordtoureid', AGREED, [AGREED], '+47 900 55 102'),
  liv: person('Livemor', 'Nordtourfoss', AGREED, []),
} as const

export type NordPart = keyof typeof NORD_CAST

/** The people with a part in SuperOffice on site. */
export const FJORD_CAST = {
  sigrid: person('Sigridur', 'Fjordtourberg', AGREED, [GONE]),
  torunn: person('Torunnemor', 'Fjordtourhaug', AGREED, [AGREED]),
} as const

export function nordEmail(part: NordPart): string {
  return `${part}.${NORD_CAST[part].lastName.toLowerCase()}@nordtour.example`
}

export function fjordEmail(part: keyof typeof FJORD_CAST): string {
  return `${part}.${FJORD_CAST[part].lastName.toLowerCase()}@fjordtour.example`
}

const EXTRAS = 30

export function nordPeople(): ReadonlyMap<string, NordPerson> {
  const parts = Object.keys(NORD_CAST) as NordPart[]
  const people = new Map(
    parts.map((part): [string, NordPerson] => [nordEmail(part), NORD_CAST[part]]),
  )
  for (let number = 1; number <= EXTRAS; number += 1) {
    const extra = person(`Extra${number}`, 'Nordtourist', AGREED, [AGREED])
    people.set(`extra${number}@nordtour.example`, extra)
  }
  return people
}

export function fjordPeople(): ReadonlyMap<string, NordPerson> {
  const parts = Object.keys(FJORD_CAST) as (keyof typeof FJORD_CAST)[]
  return new Map(parts.map((part) => [fjordEmail(part), FJORD_CAST[part]]))
}

export function asContacts(people: ReadonlyMap<string, NordPerson>): SeededContact[] {
  return [...people].map(([email, { firstName, lastName, mobile, here }]) => ({
    email,
    firstName,
    lastName,
    mobile: mobile ?? null,
    bases: { marketingSendouts: here[0], storeAndProcess: here[1] },
  }))
}

/** Keys of the legal bases (docs/wire-superoffice.md, 4.2). */
export const LEGAL_BASE: Readonly<Record<Exclude<LegalBasis, 'none'>, string>> = {
  consent: '61A',
  contract: '61B',
  requiredByLaw: '61C',
  vitalInterests: '61D',
  publicInterest: '61E',
  legitimateInterest: '61F',
  withdrawn: 'WITHDRAWN',
}

export function asPersons(people: ReadonlyMap<string, NordPerson>): SeededPerson[] {
  return [...people].flatMap(([email, { firstName, lastName, there }]) =>
    there.map(([marketing, store], index) => ({
      email,
      firstName,
      lastName,
      registered: `${2014 + index * 3}-03-01T08:00:00Z`,
      bases: {
        ...(marketing === 'none' ? {} : { EMARKETING: LEGAL_BASE[marketing] }),
        ...(store === 'none' ? {} : { STORE: LEGAL_BASE[store] }),
      },
    })),
  )
}
