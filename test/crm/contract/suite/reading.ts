import { describe, expect, it } from '@jest/globals'
import { RequestTally } from '../../../../src/http/index.js'
import { valuesOf, type SetUpStand } from '../contract-stand.js'
import { marketingOf, newAddress, readOne, somebody, writeOf } from './people.js'

const ODD = [
  "o'neil+news&b@contract.example",
  'per%cent_under#hash@contract.example',
  'jürgen.ø@exämple.example',
  '"quoted name"@contract.example',
  'back\\slash@contract.example',
]
const MANY = 1_000
/** Sign-in, lists, and the request that finds the end of a group. */
const BESIDE = 6

/** Direct reading. */
export function reading(given: () => SetUpStand): void {
  const idsAt = async (...emails: string[]) =>
    (await given().crm.read({ by: 'email', emails }, {})).contacts
      .map((one) => one.contactId)
      .sort()

  describe('reading', () => {
    it('returns what the CRM has under an id, and which ids are nobody', async () => {
      const set = given()
      const { deny } = valuesOf(set.stand)
      const email = newAddress()
      const id = await somebody(set, { emails: [email], value: deny })
      const gone = await somebody(set)
      await set.stand.remove(gone)
      const { contacts, missingContactIds } = await set.crm.read(
        { by: 'contactId', contactIds: [id, gone] },
        {},
      )
      expect(missingContactIds).toEqual([gone])
      expect(contacts).toMatchObject([{ contactId: id, email, otherEmails: [], state: 'live' }])
      expect(contacts[0]?.consents.marketingSendouts?.value).toBe(deny)
      expect(Object.keys(contacts[0]!.consents).sort()).toEqual(
        [...set.stand.driver.capabilities.purposes].sort(),
      )
      expect(typeof contacts[0]?.registeredAtMs).toBe('number')
    })

    it('finds nobody where nobody is, and asks nothing for nothing', async () => {
      const { crm, stand } = given()
      expect(await idsAt(newAddress('nobody'))).toEqual([])
      const before = await stand.requests()
      const nothing = { contacts: [], subscriptions: [], missingContactIds: [] }
      expect(await crm.read({ by: 'email', emails: [] }, {})).toEqual(nothing)
      expect(await crm.read({ by: 'contactId', contactIds: [] }, {})).toEqual(nothing)
      expect(await stand.requests()).toBe(before)
    })

    it('finds an address in any case, and everybody who has it', async () => {
      const set = given()
      const email = newAddress('Mixed.Case')
      const both = await set.stand.add([{ emails: [email] }, { emails: [email.toLowerCase()] }])
      expect(await idsAt(email.toUpperCase())).toEqual([...both].sort())
    })

    it.each(ODD)('finds the odd address %s, and only its owner', async (email) => {
      const set = given()
      const id = await somebody(set, { emails: [email] })
      expect(await idsAt(email, newAddress('nobody'))).toEqual([id])
      expect((await readOne(set, id)).email).toBe(email)
    })

    it('returns further addresses only where records have them', async () => {
      const set = given()
      const emails = [newAddress('first'), newAddress('second')]
      const own = set.stand.furtherAddresses ? emails : emails.slice(0, 1)
      const id = await somebody(set, { emails: own })
      expect(await readOne(set, id)).toMatchObject({ email: own[0], otherEmails: own.slice(1) })
      expect(await idsAt(emails[1]!)).toEqual(set.stand.furtherAddresses ? [id] : [])
    })

    it('reads a thousand together in few requests, by id and by address', async () => {
      const { stand, crm } = given()
      const emails = Array.from({ length: MANY }, () => newAddress('many'))
      const ids = await stand.add(emails.map((email) => ({ emails: [email] })))
      const { directReadContactsPerRequest } = stand.driver.capabilities
      const most = MANY / (stand.contactsPerRequest ?? directReadContactsPerRequest) + BESIDE
      for (const request of [
        { by: 'contactId', contactIds: ids },
        { by: 'email', emails },
      ] as const) {
        const before = await stand.requests()
        const { contacts, missingContactIds } = await crm.read(request, {})
        expect([...new Set(contacts.map((one) => one.contactId))].sort()).toEqual([...ids].sort())
        expect(missingContactIds).toEqual([])
        expect((await stand.requests()) - before).toBeLessThanOrEqual(most)
      }
      const one = await crm
        .read({ by: 'email', emails: [...emails, newAddress()] }, {})
        .catch((error: unknown) => error)
      expect(one).toBeInstanceOf(RangeError)
    })

    it('counts its requests into the tally of the call', async () => {
      const set = given()
      const tally = new RequestTally()
      const id = await somebody(set)
      await set.crm.read({ by: 'contactId', contactIds: [id] }, { tally })
      const counted = Object.values(tally.operations()).reduce((sum, one) => sum + one, 0)
      expect(counted).toBeGreaterThan(0)
    })

    it('never makes a value of what it does not know', async () => {
      const set = given()
      const id = await somebody(set, { value: valuesOf(set.stand).allow })
      await set.stand.makeUnreadable(id)
      expect((await marketingOf(set, id)).value).toBeNull()
    })

    it('distinguishes who has said nothing from who has said no', async () => {
      const set = given()
      const { deny } = valuesOf(set.stand)
      const silent = await marketingOf(set, await somebody(set))
      expect([null, deny]).not.toContain(silent.value)
      expect(silent.times).toBeUndefined()
      expect(silent.lastWriter).not.toBe('user')
    })
  })

  describe('who set it, and when', () => {
    it('is a person where a person did, never where we did', async () => {
      const set = given()
      const { deny, allow } = valuesOf(set.stand)
      const id = await somebody(set, { value: allow })
      const { capabilities } = set.stand.driver
      await set.stand.userSets(id, deny)
      const theirs = await marketingOf(set, id)
      const history = await set.crm.readFieldHistory([id], {})
      if (capabilities.values === 'rich') {
        expect(theirs.lastWriter).toBe('user')
        expect(theirs.times!.onlyInserted).toBe(false)
        expect(Math.abs(theirs.times!.updatedMs! - Date.now())).toBeLessThan(60_000)
      }
      expect(history.map((one) => [one.contactId, one.value])).toEqual(
        capabilities.fieldHistory ? [[id, deny]] : [],
      )
      await set.crm.write([await writeOf(set, id, allow)], {})
      const ours = await marketingOf(set, id)
      expect(ours.value).toBe(allow)
      expect(ours.lastWriter).toBe(capabilities.values === 'rich' ? 'us' : 'unknown')
      expect(await set.crm.readFieldHistory([id], {})).toEqual([])
    })

    it.each([30, -30, 360, -360])(
      'is as certain as the clocks, where the CRM’s is off by %d s',
      async (offSeconds) => {
        const set = given()
        if (!set.stand.skewClock) {
          const { allow } = valuesOf(set.stand)
          const told = await marketingOf(set, await somebody(set, { value: allow }))
          expect(told.times).toBeUndefined()
          return
        }
        const skewMs = offSeconds * 1_000
        const { deny, allow } = valuesOf(set.stand)
        const id = await somebody(set, { value: allow })
        await set.stand.skewClock(skewMs)
        await set.stand.userSets(id, deny)
        const told: number[] = []
        const askedMs = performance.now()
        const onClock = ({ offsetMs }: { readonly offsetMs: number }) => void told.push(offsetMs)
        const { contacts } = await set.crm.read({ by: 'contactId', contactIds: [id] }, { onClock })
        const [history] = await set.crm.readFieldHistory([id], { onClock })
        // A Date header holds whole seconds, and an answer tells its clock no better than the time that it took.
        const certainMs = 2_000 + performance.now() - askedMs
        expect(told.length).toBeGreaterThan(0)
        expect(Math.abs(told.at(-1)! - skewMs)).toBeLessThan(certainMs)
        if (set.stand.driver.capabilities.values === 'rich') {
          // Unchanged from the row: the decision determines whether it counts.
          const { times } = contacts[0]!.consents.marketingSendouts!
          expect(Math.abs(times!.updatedMs! - skewMs - Date.now())).toBeLessThan(60_000)
        } else if (Math.abs(skewMs) > 300_000) {
          expect(history).toBeUndefined()
        } else {
          expect(history!.epsMs).toBeGreaterThanOrEqual(Math.abs(skewMs) - certainMs)
        }
      },
    )
  })
}
