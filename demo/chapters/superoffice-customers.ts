import { type Story, expected, succeeded } from '../story.js'
import type { Stage } from '../stage.js'
import { superOfficeChapter, statesOf, NORD } from './superoffice.js'
import { setTimeout as wait } from 'node:timers/promises'
import type { CommandAnswer } from '../run-command.js'
import {
  fjordEmail,
  LEGAL_BASE,
  NORD_CAST,
  nordEmail,
  type NordPart,
} from '../superoffice-people.js'
import { mayBeMailed } from '../places/emarketeer-account.js'
import { ONLINE_ACCOUNT } from '../../dev/stack/connection-files.js'
import { listOf } from './sendout.js'

/** Sets up two customers with SuperOffice at the same time and shows them one after the other. */
export async function superOfficeCustomers(story: Story, stage: Stage): Promise<void> {
  const apply = async (name: string, file: unknown) =>
    stage.lbsync('connection', 'apply', await stage.file(name, file))
  const [nord, fjord] = await Promise.all([
    apply('nord.json', stage.files.online),
    apply('fjord.json', stage.files.onsite),
  ])
  await superOfficeChapter(story, stage, nord)
  await superOfficeSendoutsChapter(story, stage)
  await superOfficeOnsiteChapter(story, stage, fjord)
}

const FJORD = 'fjord-so'

/**
 * A third customer has an on-site installation, which posts no webhooks; only the sweep finds changes. @param applied
 * the answer of `apply`.
 */
export async function superOfficeOnsiteChapter(
  story: Story,
  stage: Stage,
  applied: CommandAnswer,
): Promise<void> {
  const { crm, account } = stage.fjord
  story.chapter('A third one has SuperOffice on its own site')
  story.say(`lbsync connection apply fjord.json   (workflow setup/${FJORD})`)
  await story.claim('set-up ran to its end', 0, async () => succeeded(applied))
  await story.claim('Sigrid, withdrawn there, is withdrawn in eMarketeer', 0, async () =>
    expected(await account.basis(fjordEmail('sigrid')), 'withdrawn'),
  )
  story.say(`lbsync setup status ${FJORD} --once`)
  const { stdout } = await stage.lbsync('setup', 'status', FJORD, '--once')
  story.quote(stdout)
  await story.claim('the status says that the sweep alone syncs', 0, async () =>
    expected(
      [await statesOf(stage, FJORD, ['webhooks']), stdout.includes('the sweep alone syncs')],
      [['skipped'], true],
    ),
  )
  story.say('Somebody withdraws Torunn in SuperOffice')
  await crm.record(fjordEmail('torunn'), LEGAL_BASE.withdrawn)
  await wait(500)
  await story.claim('eMarketeer has heard nothing of it', 0, async () =>
    expected(await account.basis(fjordEmail('torunn')), 'consent'),
  )
  story.say(`lbsync sweep now ${FJORD}`)
  const swept = await stage.lbsync('sweep', 'now', FJORD)
  await story.claim(
    'the sweep finds it: Torunn is withdrawn',
    0,
    async () =>
      succeeded(swept) ?? expected(await account.basis(fjordEmail('torunn')), 'withdrawn'),
  )
}

/** Checklist, send and SMS with SuperOffice. Before each, a person opts out and the webhook is lost. */
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
  await story.claim('Support sees why Einar is not mailed', 0, async () =>
    why.stdout.includes('consentWithdrawn') ? null : 'no reason',
  )
}

function nameOf(part: NordPart): string {
  return part[0]!.toUpperCase() + part.slice(1)
}

/** The addresses that may be mailed, according to the stand-ins' own state alone. */
async function mailableByTruth({ nord: { crm, account } }: Stage): Promise<string[]> {
  const closed = await crm.notAllowed()
  return (await account.contacts())
    .filter((contact) => mayBeMailed(contact) && !closed.has(contact.email ?? ''))
    .map((contact) => contact.email ?? '')
    .sort()
}
