import { Secret } from '../../../config/secret.js'
import { connectTemporal } from '../../../config/temporal.js'
import { createCampaignClient } from '../../../client/index.js'
import type { MailingListEntry } from '../../../contracts/pre-send.js'
import { DEMO_ACCOUNT } from '../../stack/start-stack.js'
import { emailOf } from '../people.js'
import { expected, type Story } from '../story.js'
import { CONNECTION_ID, type Stage } from '../stage.js'

/** A campaign service asks right before a sendout, and reads a list without anybody who opted out. */
export async function sendoutChapter(story: Story, stage: Stage): Promise<void> {
  story.chapter('A campaign goes out')
  await stage.emarketeer.send('POST', `accounts/${DEMO_ACCOUNT.accountId}/campaigns`, {
    campaignId: '501',
    componentId: '9001',
    channel: 'email',
    categoryId: 'c1',
    transactional: false,
    target: { all: true },
  })
  const temporal = await connectTemporal({ ...stage.stack.env })
  try {
    const client = createCampaignClient({
      temporal: temporal.client,
      gatewayUrl: stage.stack.places.gatewayUrl,
      gatewayApiKey: new Secret(stage.stack.gatewayApiKey),
    })
    story.say(
      'A moment before, Kari sets Filip to "Do Not Allow" in Dynamics, and the webhook is lost',
    )
    await stage.dynamics.send('POST', 'switches', { webhooks: { loseShare: 1 } })
    await stage.flipBulkEmail('filip', 'doNotAllow', 'Kari Nordmann')
    story.say('The campaign service starts workflow pre-send/snd_77/send and awaits it')
    const result = await client.preSend({
      connectionId: CONNECTION_ID,
      sendoutId: 'snd_77',
      campaignId: '501',
      componentId: '9001',
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
    await stage.actInEmarketeer('greta', { kind: 'unsubscribeAll' })
    const list: MailingListEntry[] = []
    for await (const entry of client.mailingList('snd_77')) {
      list.push(entry)
    }
    const onList = list.map((entry) => entry.email).sort()
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
      expected(
        [onList.includes(emailOf('carin')), onList.includes(emailOf('david'))],
        [true, true],
      ),
    )
  } finally {
    await temporal.connection.close()
    await stage.dynamics.send('POST', 'switches', { webhooks: { loseShare: 0 } })
  }
}

const POSITIVE = new Set([
  'consent',
  'legitimateInterest',
  'contract',
  'requiredByLaw',
  'vitalInterests',
  'publicInterest',
])

/** Who may be mailed, from the stand-ins' own truth and nothing of ours. */
async function mailableByTruth(stage: Stage): Promise<string[]> {
  const denied = new Set(
    (await stage.crmContacts()).filter((c) => c.donotbulkemail).map((c) => c.emailaddress1),
  )
  return (await stage.emarketeerContacts())
    .filter((contact) => POSITIVE.has(contact.consents['marketingSendouts']?.value ?? 'none'))
    .filter((contact) => !denied.has(contact.email))
    .map((contact) => contact.email ?? '')
}
