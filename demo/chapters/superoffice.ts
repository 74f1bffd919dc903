import { type Story, expected, succeeded, type CommandAnswer } from '../story.js'
import type { Stage } from '../stage.js'
import { setTimeout as wait } from 'node:timers/promises'
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
import type { SetupStatus } from '../../src/contracts/setup.js'

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
async function superOfficeOnsiteChapter(
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
async function superOfficeSendoutsChapter(story: Story, stage: Stage): Promise<void> {
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

const NORD = 'nord-so'

const SECONDS_MS = 15_000
const { consent, withdrawn, legitimateInterest, contract, publicInterest, requiredByLaw } =
  LEGAL_BASE

/** Another customer, with SuperOffice Online: set-up, first sync, webhooks. @param applied the answer of `apply`. */
async function superOfficeChapter(
  story: Story,
  stage: Stage,
  applied: CommandAnswer,
): Promise<void> {
  const { crm, account } = stage.nord
  const basis = (part: NordPart) => account.basis(nordEmail(part))
  const bases = (part: NordPart) => crm.bases(nordEmail(part))
  story.chapter('Another customer has SuperOffice Online')
  story.say(`lbsync connection apply nord.json   (workflow setup/${NORD})`)
  await story.claim('set-up ran to its end', 0, async () => succeeded(applied))
  await story.claim('both systems post changes, and the sweep is on', 0, async () =>
    expected(await statesOf(stage, NORD, ['webhooks', 'sweep']), ['done', 'done']),
  )
  await story.claim('Astrid, withdrawn in SuperOffice, is withdrawn in eMarketeer', 0, async () =>
    expected([await basis('astrid'), await bases('astrid')], ['withdrawn', [withdrawn]]),
  )
  await story.claim('Birger, withdrawn in eMarketeer, is withdrawn in SuperOffice', 0, async () =>
    expected([await basis('birger'), await bases('birger')], ['withdrawn', [withdrawn]]),
  )
  const cecilie = nordEmail('cecilie')
  await story.claim(
    "Cecilie's Legitimate interest and Contract are in eMarketeer as what they are",
    0,
    async () =>
      expected(
        [
          await account.basis(cecilie),
          await account.basis(cecilie, 'storeAndProcess'),
          await crm.bases(cecilie),
          await crm.bases(cecilie, 'STORE'),
        ],
        ['legitimateInterest', 'contract', [legitimateInterest], [contract]],
      ),
  )
  await story.claim(
    "Dagny's Public interest and Required by law are in SuperOffice as what they are",
    0,
    async () =>
      expected(
        [await bases('dagny'), await crm.bases(nordEmail('dagny'), 'STORE')],
        [[publicInterest], [requiredByLaw]],
      ),
  )
  await story.claim(
    "Einar is there twice: the older one's Consent is read, the younger one stays withdrawn",
    0,
    async () =>
      expected([await basis('einar'), await bases('einar')], ['consent', [consent, withdrawn]]),
  )
  await story.claim(
    "the default that SuperOffice gives everybody for Sales and service is nobody's basis",
    0,
    async () => {
      const contacts = await account.contacts()
      const given = contacts.filter(
        ({ consents }) => consents.storeAndProcess?.value === 'legitimateInterest',
      )
      return expected(given.length, 0)
    },
  )
  story.say('Somebody withdraws Gunnar in SuperOffice')
  await crm.record(nordEmail('gunnar'), withdrawn)
  await story.claim('Gunnar is withdrawn in eMarketeer within seconds', SECONDS_MS, async () =>
    expected(await basis('gunnar'), 'withdrawn'),
  )
  story.say('Frida unsubscribes, by the link in a mail')
  await account.act(nordEmail('frida'), { kind: 'unsubscribeAll' })
  await story.claim(
    'both persons with her address are withdrawn in SuperOffice',
    SECONDS_MS,
    async () => expected(await bases('frida'), [withdrawn, withdrawn]),
  )
  story.say('A user of eMarketeer records Legitimate interest for Einar')
  await account.act(nordEmail('einar'), {
    kind: 'consent',
    purpose: 'marketingSendouts',
    legalBasis: 'legitimateInterest',
    byUser: true,
  })
  await story.claim(
    'his older person follows, the younger one stays withdrawn',
    SECONDS_MS,
    async () => expected(await bases('einar'), [legitimateInterest, withdrawn]),
  )
}

/** Final states of a set-up's steps. */
export async function statesOf(
  { temporal }: Stage,
  connectionId: string,
  ids: readonly string[],
): Promise<(string | undefined)[]> {
  const { steps } = await temporal.client.workflow
    .getHandle(`setup/${connectionId}`)
    .query<SetupStatus>('status')
  return ids.map((id) => steps.find((step) => step.id === id)?.state)
}
