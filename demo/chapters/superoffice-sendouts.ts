import { mayBeMailed } from '../places/emarketeer-account.js'
import { LEGAL_BASE, NORD_CAST, nordEmail, type NordPart } from '../superoffice-people.js'
import { expected, type Story } from '../story.js'
import type { Stage } from '../stage.js'
import { ONLINE_ACCOUNT } from '../../dev/stack/demo-accounts.js'
import { listOf } from './sendout.js'
import { NORD } from './superoffice.js'

/** Checklist, send and SMS with SuperOffice; each time somebody opts out a moment before, and the webhook is lost. */
export async function superOfficeSendoutsChapter(story: Story, stage: Stage): Promise<void> {
  const { crm, account } = stage.nord
  story.chapter('Its campaigns: the checklist, the e-mail, an SMS')
  const email = { campaignId: '601', componentId: '9101' }
  const sms = { campaignId: '602', componentId: '9102' }
  await account.addCampaign({ ...email, channel: 'email', categoryId: null })
  await account.addCampaign({ ...sms, channel: 'sms', categoryId: null })
  await crm.loseWebhooks(true)
  const optOut = async (part: NordPart) => {
    story.say(`${nameOf(part)} is withdrawn in SuperOffice, and the webhook is lost`)
    await crm.record(nordEmail(part), LEGAL_BASE.withdrawn)
  }
  const ask = (sendoutId: string, stageOf: 'checklist' | 'send', campaign: typeof email) =>
    stage.campaigns.preSend({ connectionId: NORD, sendoutId, ...campaign, stage: stageOf })

  await optOut('hanne')
  const checked = await ask('snd_91', 'checklist', email)
  await story.claim('the checklist syncs as the send does, and makes no list', 0, async () =>
    expected(
      [checked.complete, checked.mailingList, await account.basis(nordEmail('hanne'))],
      [true, null, 'withdrawn'],
    ),
  )
  await optOut('ivar')
  const mailed = await ask('snd_91', 'send', email)
  story.say(`${mailed.eligible} of ${mailed.targeted} eligible, as of ${mailed.verifiedAsOf}`)
  const onList = (await listOf(stage, 'snd_91', ONLINE_ACCOUNT.accountId)).map(
    (entry) => entry.email,
  )
  await story.claim('the list is who may be mailed by both systems', 0, async () =>
    expected(onList.sort(), await mailableByTruth(stage)),
  )
  await story.claim(
    'neither Astrid, Birger, Einar, Frida, Gunnar, Hanne nor Ivar is on it',
    0,
    async () => {
      const parts = ['astrid', 'birger', 'einar', 'frida', 'gunnar', 'hanne', 'ivar'] as const
      const gone = parts.filter((part) => onList.includes(nordEmail(part)))
      return gone.length === 0 ? null : gone.join(', ')
    },
  )
  await story.claim('Cecilie, Dagny and Liv, who is not in SuperOffice, are', 0, async () => {
    const missing = (['cecilie', 'dagny', 'liv'] as const).filter(
      (part) => !onList.includes(nordEmail(part)),
    )
    return missing.length === 0 ? null : `no ${missing.join(', ')}`
  })
  await optOut('jorunn')
  const texted = await ask('snd_92', 'send', sms)
  const numbers = (await listOf(stage, 'snd_92', ONLINE_ACCOUNT.accountId)).map(
    (entry) => entry.mobile,
  )
  await story.claim('the SMS goes to Kjell, and not to Jorunn', 0, async () =>
    expected([texted.channel, texted.complete, numbers], ['sms', true, [NORD_CAST.kjell.mobile]]),
  )
  await crm.loseWebhooks(false)

  story.say(`lbsync why ${NORD} --email ${nordEmail('einar')}`)
  const why = await stage.lbsync('why', NORD, '--email', nordEmail('einar'))
  story.quote(why.stdout)
  await story.claim('Support is told why Einar is not mailed', 0, async () =>
    why.stdout.includes('consentWithdrawn') ? null : 'no reason',
  )
}

function nameOf(part: NordPart): string {
  return part[0]!.toUpperCase() + part.slice(1)
}

/** Who may be mailed, from the stand-ins' own truth and nothing of ours. */
async function mailableByTruth({ nord: { crm, account } }: Stage): Promise<string[]> {
  const closed = await crm.notAllowed()
  return (await account.contacts())
    .filter((contact) => mayBeMailed(contact) && !closed.has(contact.email ?? ''))
    .map((contact) => contact.email ?? '')
    .sort()
}
