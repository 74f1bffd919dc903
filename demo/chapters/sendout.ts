import type { MailingListEntry } from '../../src/contracts/pre-send.js'
import { mayBeMailed } from '../places/emarketeer-account.js'
import { emailOf } from '../people.js'
import { expected, type Story } from '../story.js'
import { CONNECTION_ID, type Stage } from '../stage.js'

/**
 * A campaign service requests a pre-send immediately before a sendout, and reads a list without anybody who opted out.
 */
export async function sendoutChapter(story: Story, stage: Stage): Promise<void> {
  const { account, campaigns } = stage
  story.chapter('A campaign goes out')
  const campaign = { campaignId: '501', componentId: '9001' }
  await account.addCampaign({ ...campaign, channel: 'email', categoryId: 'c1' })
  story.say(
    'A moment before, Kari sets Filip to "Do Not Allow" in Dynamics, and the webhook is lost',
  )
  await stage.dynamics.loseWebhooks(true)
  await stage.flipBulkEmail('filip', 'doNotAllow', 'Kari Nordmann')
  story.say('The campaign service starts workflow pre-send/snd_77/send and awaits it')
  const result = await campaigns.preSend({
    connectionId: CONNECTION_ID,
    sendoutId: 'snd_77',
    ...campaign,
    stage: 'send',
  })
  story.say(
    `${result.eligible} of ${result.targeted} eligible, as of ${result.verifiedAsOf}; ` +
      `${result.requests.emarketeer} requests to eMarketeer, ${result.requests.crm} to Dynamics`,
  )
  await story.claim('the check was complete: nobody is unverified', 0, async () =>
    expected([result.outcome, result.complete], ['decided', true]),
  )
  const mailable = await mailableByTruth(stage)
  story.say('After the list was made, before it is read, Greta unsubscribes')
  await account.act(emailOf('greta'), { kind: 'unsubscribeAll' })
  const onList = (await listOf(stage, 'snd_77', stage.files.dynamics.accountId))
    .map((entry) => entry.email)
    .sort()
  await story.claim('the list is who may be mailed by both systems, without Greta', 0, async () =>
    expected(onList, mailable.filter((email) => email !== emailOf('greta')).sort()),
  )
  await story.claim('neither Anna, Bo, Elsa, Filip, Greta nor Hugo is on it', 0, async () => {
    const gone = (['anna', 'bo', 'elsa', 'filip', 'greta', 'hugo'] as const).filter((part) =>
      onList.includes(emailOf(part)),
    )
    return gone.length === 0 ? null : gone.join(', ')
  })
  await story.claim('Carin and David, who came back, are', 0, async () =>
    expected([onList.includes(emailOf('carin')), onList.includes(emailOf('david'))], [true, true]),
  )
  await stage.dynamics.loseWebhooks(false)
}

export async function listOf(
  { campaigns }: Pick<Stage, 'campaigns'>,
  sendoutId: string,
  accountId: string,
): Promise<MailingListEntry[]> {
  const list: MailingListEntry[] = []
  for await (const entry of campaigns.mailingList(sendoutId, accountId)) {
    list.push(entry)
  }
  return list
}

/** The addresses that may be mailed, according to the stand-ins' own state alone. */
async function mailableByTruth({ dynamics, account }: Stage): Promise<string[]> {
  const denied = new Set(
    (await dynamics.contacts()).filter((c) => c.donotbulkemail).map((c) => c.emailaddress1),
  )
  return (await account.contacts())
    .filter((contact) => mayBeMailed(contact) && !denied.has(contact.email))
    .map((contact) => contact.email ?? '')
}
