import { emailOf, type Part } from '../people.js'
import { expected, type Story, type CommandAnswer } from '../story.js'
import { type Stage, CONNECTION_ID } from '../stage.js'

/** Shows the state of both systems after set-up's first sync. */
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

const SECONDS_MS = 15_000

/** Shows that toggles and unsubscribes reach the other side within seconds, by webhook. */
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

/** Shows that the sweep finds a change whose webhook was lost, and that a new category reaches Dynamics. */
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

/** The people about whom Support asks, and what each answer must contain. */
const QUESTIONS: readonly (readonly [Part, ...RegExp[]])[] = [
  ['david', /Consent/, /evidence/i],
  ['carin', /Legitimate interest/i],
  ['elsa', /withdrawn/i, /sweep/i],
]

/** Support asks why a person has their present state. */
export async function whyChapter(story: Story, stage: Stage): Promise<void> {
  story.chapter('Support asks why')
  const answers = await Promise.all(
    QUESTIONS.map(([part]) => stage.lbsync('why', CONNECTION_ID, '--email', emailOf(part))),
  )
  for (const [index, [part, ...wanted]] of QUESTIONS.entries()) {
    const { stdout } = answers[index] as CommandAnswer
    story.say(`lbsync why ${CONNECTION_ID} --email ${emailOf(part)}`)
    story.quote(stdout)
    await story.claim(`the answer tells ${part}'s story`, 0, async () => {
      const missing = wanted.filter((pattern) => !pattern.test(stdout))
      return missing.length === 0 ? null : `no ${missing.map(String).join(', ')}`
    })
  }
}
