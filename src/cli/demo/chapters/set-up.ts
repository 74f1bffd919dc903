import type { Story } from '../story.js'
import { expected } from '../story.js'
import { CONNECTION_ID, type Stage } from '../stage.js'

/** A connection is applied: tables, webhooks, first sync, sweep. */
export async function setUpChapter(story: Story, stage: Stage): Promise<void> {
  story.chapter('A connection to Dynamics is applied')
  story.say(`lbsync connection apply acme.json   (workflow setup/${CONNECTION_ID}, query "status")`)
  const file = await stage.file('acme.json', stage.connectionFile())
  const applied = await stage.lbsync('connection', 'apply', file)
  await story.claim('set-up ran to its end', 0, async () =>
    applied.exitCode === 0 ? null : applied.stderr.slice(-400),
  )
  await story.claim('Dynamics has the subscription tables, with both categories', 0, async () => {
    const rows = await stage.dynamics.lines<{ em_categoryid: string }>(
      'rows/em_subscriptioncategories?format=ndjson',
    )
    return expected(rows.map((row) => row.em_categoryid).sort(), ['c1', 'c2'])
  })
  await story.claim('every contact of both sides has a row for each category', 0, async () => {
    const rows = await stage.dynamics.lines('rows/em_subscriptions?format=ndjson')
    const contacts = await stage.crmContacts()
    return expected(rows.length, contacts.length * 2)
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
    const crm = await stage.crmContacts()
    return crm.some((c) => c.emailaddress1?.startsWith('ines.')) ? 'a contact' : null
  })
}
