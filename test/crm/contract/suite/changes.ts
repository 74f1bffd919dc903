import { describe, expect, it } from '@jest/globals'
import { CrmCursorExpired, type CrmChangePage } from '../../../../src/crm/crm.js'
import { valuesOf, type SetUpStand } from '../contract-stand.js'
import { newAddress, somebody } from './people.js'

/** Changes since a cursor. */
export function changes(given: () => SetUpStand): void {
  async function changesSince(cursor: string | null, during?: () => Promise<unknown>) {
    const pages: CrmChangePage[] = []
    for await (const page of given().crm.readChanges(cursor, {})) {
      if (pages.length === 0) {
        await during?.()
      }
      pages.push(page)
    }
    const contacts = new Map(
      pages.flatMap((page) => page.contacts).map((one) => [one.contactId, one]),
    )
    return { pages, contacts, next: pages.at(-1)?.nextCursor ?? '' }
  }

  describe('changes', () => {
    it('begin with everybody, and only the last page says where to go on', async () => {
      const set = given()
      const ids = await set.stand.add([{ emails: [newAddress()] }, { emails: [newAddress()] }])
      const { pages, contacts, next } = await changesSince(null)
      expect(pages.every((page) => page.baseline)).toBe(true)
      expect([...contacts.keys()]).toEqual(expect.arrayContaining([...ids]))
      expect(pages.slice(0, -1).every((page) => page.nextCursor === null)).toBe(true)
      expect(next).not.toBe('')
    })

    it('go on with what people did since, whole, and are no baseline', async () => {
      const set = given()
      const { deny, allow } = valuesOf(set.stand)
      const id = await somebody(set, { value: allow })
      const { next } = await changesSince(null)
      await set.stand.userSets(id, deny)
      const added = await somebody(set, { value: allow })
      const delta = await changesSince(next)
      expect(delta.pages.every((page) => !page.baseline)).toBe(true)
      expect(delta.contacts.get(id)?.consents.marketingSendouts?.value).toBe(deny)
      expect(delta.contacts.get(added)?.consents.marketingSendouts?.value).toBe(allow)
      expect(new Set(Object.keys(delta.contacts.get(id)!.consents))).toEqual(
        new Set(set.stand.driver.capabilities.purposes),
      )
    })

    it.each(['a baseline', 'a delta'])(
      'lose nothing that happens while %s is read',
      async (what) => {
        const set = given()
        const { deny, allow } = valuesOf(set.stand)
        const id = await somebody(set, { value: allow })
        const from = what === 'a baseline' ? null : (await changesSince(null)).next
        if (from !== null) {
          await set.stand.userTouches(id)
        }
        const first = await changesSince(from, () => set.stand.userSets(id, deny))
        const later = await changesSince(first.next)
        expect(later.contacts.get(id)?.consents.marketingSendouts?.value).toBe(deny)
      },
    )

    it('read again from the same cursor are the same', async () => {
      const set = given()
      const id = await somebody(set)
      const { next } = await changesSince(null)
      await set.stand.userSets(id, valuesOf(set.stand).deny)
      const [once, again] = [await changesSince(next), await changesSince(next)]
      expect(once.contacts.get(id)).toEqual(again.contacts.get(id))
      expect(once.contacts.has(id)).toBe(true)
    })

    it('report deletions where the delta is complete; else the next direct reading does', async () => {
      const set = given()
      const id = await somebody(set)
      const { next } = await changesSince(null)
      await set.stand.remove(id)
      const { pages, contacts } = await changesSince(next)
      if (set.stand.driver.capabilities.completeDelta) {
        expect(pages.flatMap((page) => page.deletedContactIds)).toContain(id)
      }
      expect(contacts.has(id)).toBe(false)
    })

    it.each(['', 'no cursor of ours', '{"other":1}'])(
      'from a cursor that the CRM does not know (%j) ask for a new baseline',
      async (cursor) => {
        await expect(changesSince(cursor)).rejects.toBeInstanceOf(CrmCursorExpired)
      },
    )
  })
}
