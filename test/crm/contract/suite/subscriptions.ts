import { describe, expect, it } from '@jest/globals'
import type { CrmSubscription, CrmWrite } from '../../../../src/crm/crm.js'
import type { SetUpStand } from '../contract-stand.js'
import { somebody } from './people.js'

const NEWS = { categoryId: '12', name: 'Newsletters', archived: false }

/** Subscriptions if the CRM has them; otherwise tests that nothing is done about them. */
export function subscriptions(given: () => SetUpStand): void {
  const rowsOf = async (contactId: string): Promise<readonly CrmSubscription[]> =>
    (await given().crm.read({ by: 'contactId', contactIds: [contactId] }, {})).subscriptions

  describe('subscriptions', () => {
    it('have eMarketeer’s categories, brought once', async () => {
      const { crm, stand } = given()
      const { subscriptions: kept } = stand.driver.capabilities
      const first = await crm.syncCategories([NEWS], {})
      expect(first).toEqual({ created: kept ? 1 : 0, updated: 0, foreign: [] })
      const again = await crm.syncCategories([NEWS], {})
      expect(again).toEqual({ created: 0, updated: 0, foreign: [] })
    })

    it('are created, switched by their version and deleted, or refused', async () => {
      const set = given()
      const contactId = await somebody(set)
      const create: CrmWrite = {
        kind: 'createSubscription',
        contactId,
        categoryId: NEWS.categoryId,
        categoryName: NEWS.name,
        subscribed: true,
      }
      const [made] = await set.crm.write([create], {})
      if (!set.stand.driver.capabilities.subscriptions) {
        expect(made?.status).toBe('refused')
        expect(await rowsOf(contactId)).toEqual([])
        return
      }
      expect(made?.status).toBe('applied')
      const [row] = await rowsOf(contactId)
      expect(row).toMatchObject({ contactId, categoryId: '12', subscribed: true, foreign: false })
      const { rowId, version } = row!
      const off: CrmWrite = {
        kind: 'subscription',
        rowId,
        subscribed: false,
        expectedVersion: version,
      }
      expect(await set.crm.write([off], {})).toMatchObject([{ status: 'applied' }])
      expect(await set.crm.write([off], {})).toEqual([{ status: 'conflict' }])
      const [switched] = await rowsOf(contactId)
      expect(switched?.subscribed).toBe(false)
      const expectedVersion = switched!.version
      const remove: CrmWrite = { kind: 'deleteSubscription', rowId, expectedVersion }
      expect(await set.crm.write([remove], {})).toMatchObject([{ status: 'applied' }])
      expect(await rowsOf(contactId)).toEqual([])
    })
  })
}
