import { expected, type Story } from '../story.js'
import { CONNECTION_ID, type Stage } from '../stage.js'

/** A lost webhook is found by the sweep; a new category reaches Dynamics. */
export async function sweepChapter(story: Story, stage: Stage): Promise<void> {
  story.chapter('A webhook is lost')
  await stage.dynamics.loseWebhooks(true)
  await stage.flipBulkEmail('elsa', 'doNotAllow', 'Kari Nordmann')
  await stage.dynamics.letWebhooksPass()
  await story.claim('eMarketeer has heard nothing of Elsa', 0, async () =>
    expected(await stage.basisOf('elsa'), 'contract'),
  )
  story.say(
    `lbsync sweep now ${CONNECTION_ID}   (the cron workflow sweep/${CONNECTION_ID} does it twice an hour)`,
  )
  const swept = await stage.lbsync('sweep', 'now', CONNECTION_ID)
  await story.claim('the sweep finds the flip: Elsa is withdrawn', 0, async () =>
    swept.exitCode === 0
      ? expected(await stage.basisOf('elsa'), 'withdrawn')
      : swept.stderr.slice(-400),
  )
  await stage.dynamics.loseWebhooks(false)

  story.chapter('A category is created in eMarketeer')
  await stage.account.addCategory('c3', 'Product news')
  await story.claim('it appears in Dynamics, with a row for every contact', 30_000, async () => {
    const category = (await stage.dynamics.categories()).get('c3')
    const rows = await stage.dynamics.subscriptions()
    const own = rows.filter((row) => row.em_category === category)
    return expected(own.length, (await stage.dynamics.contacts()).length)
  })
}
