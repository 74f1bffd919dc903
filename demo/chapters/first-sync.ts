import { emailOf } from '../people.js'
import { expected, type Story } from '../story.js'
import type { Stage } from '../stage.js'

/** What set-up's first sync left in both systems. */
export async function firstSyncChapter(story: Story, stage: Stage): Promise<void> {
  story.chapter('The first sync')
  await story.claim('Dynamics has the subscription tables, with both categories', 0, async () =>
    expected([...(await stage.dynamics.categories()).keys()].sort(), ['c1', 'c2']),
  )
  await story.claim('every contact of both sides has a row for each category', 0, async () => {
    const contacts = await stage.dynamics.contacts()
    return expected((await stage.dynamics.subscriptions()).length, contacts.length * 2)
  })
  await story.claim(
    'Hugo, withdrawn in eMarketeer and allowed in Dynamics, may be mailed in neither',
    0,
    async () =>
      expected(
        [await stage.basisOf('hugo'), await stage.bulkEmailOf('hugo')],
        ['withdrawn', 'doNotAllow'],
      ),
  )
  await story.claim('Ines, unknown to Dynamics, was not created there', 0, async () => {
    const crm = await stage.dynamics.contacts()
    return crm.some((c) => c.emailaddress1 === emailOf('ines')) ? 'a contact' : null
  })
}
