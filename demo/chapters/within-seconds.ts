import { emailOf } from '../people.js'
import { expected, type Story } from '../story.js'
import type { Stage } from '../stage.js'

const SECONDS_MS = 15_000

/** Flips and unsubscribes pass on within seconds, both ways, by webhook. */
export async function withinSecondsChapter(story: Story, stage: Stage): Promise<void> {
  story.chapter('A sales rep flips a toggle, a person unsubscribes')
  story.say(
    'Kari sets Bulk Email of Anna to "Do Not Allow" in Dynamics (workflows inbox/acme-dynamics/…)',
  )
  await stage.flipBulkEmail('anna', 'doNotAllow', 'Kari Nordmann')
  await story.claim('Anna is withdrawn in eMarketeer within seconds', SECONDS_MS, async () =>
    expected(await stage.basisOf('anna'), 'withdrawn'),
  )
  story.say('Bo unsubscribes from everything, by the link in a mail')
  await stage.account.act(emailOf('bo'), { kind: 'unsubscribeAll' })
  await story.claim('Bo is on "Do Not Allow" in Dynamics within seconds', SECONDS_MS, async () =>
    expected(await stage.bulkEmailOf('bo'), 'doNotAllow'),
  )

  story.chapter('What Allow means, and what it does not')
  story.say('Carin comes back: a user of eMarketeer records Legitimate interest for her')
  await stage.account.act(emailOf('carin'), {
    kind: 'consent',
    purpose: 'marketingSendouts',
    legalBasis: 'legitimateInterest',
    byUser: true,
  })
  await story.claim('Dynamics follows with "Allow"', SECONDS_MS, async () =>
    expected(await stage.bulkEmailOf('carin'), 'allow'),
  )
  await stage.dynamics.letWebhooksPass()
  await story.claim('our own Allow did not come back as Consent', 0, async () =>
    expected(await stage.basisOf('carin'), 'legitimateInterest'),
  )
  story.say('Kari sets Bulk Email of David, who had withdrawn, to "Allow"')
  await stage.flipBulkEmail('david', 'allow', 'Kari Nordmann')
  await story.claim('David has Consent in eMarketeer', SECONDS_MS, async () =>
    expected(await stage.basisOf('david'), 'consent'),
  )
}
