import { mayBeMailed, type DumpedContact } from '../places/emarketeer-account.js'
import { emailOf } from '../people.js'
import { expected, succeeded, type Story } from '../story.js'
import { CONNECTION_ID, type Stage } from '../stage.js'
import { listOf } from './sendout.js'
import {
  publishedForm,
  SALES_FORM_ID,
  STOCK_FORM_ID,
  unlockStockForm,
} from '../places/contact-forms.js'

const SOON_MS = 30_000
const KARI = 'Kari Nordmann'

/** Pauses and resumes, disables and enables the Dynamics connection. */
export async function lifeChapter(story: Story, stage: Stage): Promise<void> {
  await pauseAndResume(story, stage)
  await disableAndEnable(story, stage)
}

async function pauseAndResume(story: Story, stage: Stage): Promise<void> {
  story.chapter('The connection to Dynamics is paused')
  const command = (verb: string, reason: string) => {
    story.say(`lbsync connection ${verb} ${CONNECTION_ID} --by Kari --reason '${reason}'`)
    const because = ['--by', 'Kari', '--reason', reason]
    return stage.lbsync('connection', verb, CONNECTION_ID, ...because)
  }
  const paused = await command('pause', 'They clean up their contacts')
  await story.claim('it is paused', 0, async () => succeeded(paused))
  story.say('Kari sets Mona to "Do Not Allow" in Dynamics; Nils unsubscribes')
  await stage.flipBulkEmail('mona', 'doNotAllow', KARI)
  await stage.account.act(emailOf('nils'), { kind: 'unsubscribeAll' })
  await stage.dynamics.letWebhooksPass()
  const both = async () => [await stage.basisOf('mona'), await stage.bulkEmailOf('nils')]
  await story.claim('neither crosses', 0, async () => expected(await both(), ['consent', 'allow']))
  const resumed = await command('resume', 'They are done')
  await story.claim(
    'resumed, both have crossed',
    SOON_MS,
    async () => succeeded(resumed) ?? expected(await both(), ['withdrawn', 'doNotAllow']),
  )
}

async function disableAndEnable(story: Story, stage: Stage): Promise<void> {
  story.chapter('It is disabled, and enabled again')
  const { connectionId, accountId } = stage.files.dynamics
  const installed = await stage.dynamics.installation()
  const none = { connectionId, accountId, crm: 'none', legalBasisSync: false }
  story.say('lbsync connection apply none.json   ("crm":"none")')
  const disabled = await stage.lbsync('connection', 'apply', await stage.file('none.json', none))
  await story.claim('it is disabled', 0, async () => succeeded(disabled))
  story.say('Kari sets Olga to "Do Not Allow" in Dynamics')
  await stage.flipBulkEmail('olga', 'doNotAllow', KARI)
  const sendout = { sendoutId: 'snd_80', campaignId: '501', componentId: '9001' } as const
  const result = await stage.campaigns.preSend({ connectionId, ...sendout, stage: 'send' })
  await story.claim('a sendout says "crm": "none", and asks Dynamics nothing', 0, async () =>
    expected([result.outcome, result.crm, result.requests.crm], ['decided', 'none', 0]),
  )
  const contacts = await stage.account.contacts()
  await story.claim("eMarketeer's own state decides who is on its list", 0, async () =>
    expected(
      (await listOf(stage, 'snd_80', accountId)).map(({ email }) => email).sort(),
      contacts
        .filter(mayBeMailed)
        .map(({ email }) => email)
        .sort(),
    ),
  )
  story.say('lbsync connection apply acme.json')
  const rows = (await stage.dynamics.subscriptions()).length
  const enabled = await stage.lbsync(
    'connection',
    'apply',
    await stage.file('acme.json', stage.files.dynamics),
  )
  await story.claim('set-up runs again, to its end, and asks nobody', 0, async () =>
    succeeded(enabled),
  )
  await story.claim('Olga is withdrawn in eMarketeer, everybody else is as before', 0, async () =>
    expected(basesOf(await stage.account.contacts()), {
      ...basesOf(contacts),
      [emailOf('olga')]: 'withdrawn',
    }),
  )
  await story.claim('nothing is in Dynamics twice, and nothing is gone', 0, async () =>
    expected(
      [
        (await stage.dynamics.installation()) === installed,
        (await stage.dynamics.subscriptions()).length,
      ],
      [true, rows],
    ),
  )
}

function basesOf(contacts: readonly DumpedContact[]): Record<string, string> {
  return Object.fromEntries(
    contacts.map(({ email, consents }) => [email, consents.marketingSendouts?.value ?? 'none']),
  )
}

const TRACE = /\bem_|subscri/i

/** Removes what set-up installed in Dynamics, and installs it again. */
export async function removalChapter(story: Story, stage: Stage): Promise<void> {
  const { dynamics, account } = stage
  story.chapter('What was installed in Dynamics is removed')
  story.say('Right before, Kari sets Petra to "Do Not Allow" and takes Ragna off Newsletters;')
  story.say('both webhooks are lost')
  await dynamics.loseWebhooks(true)
  await stage.flipBulkEmail('petra', 'doNotAllow', KARI)
  await dynamics.unsubscribe(emailOf('ragna'), 'c1', KARI)
  const contacts = await dynamics.contacts()
  story.say(
    `lbsync connection remove-installed ${CONNECTION_ID} --by Kari --reason 'They leave us'`,
  )
  const removed = await stage.lbsync(
    ...['connection', 'remove-installed', CONNECTION_ID, '--by', 'Kari'],
    ...['--reason', 'They leave us'],
  )
  await dynamics.loseWebhooks(false)
  await story.claim('it ran to its end', 0, async () => succeeded(removed))
  await story.claim('no table, view, form section or webhook of ours is left', 0, async () => {
    const left = TRACE.exec(await dynamics.installation())
    return left === null ? null : `a trace: ${left[0]}`
  })
  await story.claim("Petra's and Ragna's Nos were saved to eMarketeer first", 0, async () =>
    expected([await stage.basisOf('petra'), await subscribed(stage)], ['withdrawn', false]),
  )
  await story.claim('the contacts of Dynamics are as they were', 0, async () =>
    expected((await dynamics.contacts()).map(toggle), contacts.map(toggle)),
  )
  story.say('Their administrator has unlocked the contact form; lbsync connection apply acme.json')
  await unlockStockForm(dynamics.control)
  const file = await stage.file('acme.json', stage.files.dynamics)
  const applied = await stage.lbsync('connection', 'apply', file)
  await story.claim('connecting again works, and asks nobody', 0, async () => succeeded(applied))
  await story.claim('every contact has its rows again, Ragna her No', 0, async () => {
    const rows = await dynamics.subscriptions()
    const ragna = (await dynamics.contact(emailOf('ragna'))).contactid
    const newsletters = (await dynamics.categories()).get('c1')
    const no = rows.find((row) => row.em_contact === ragna && row.em_category === newsletters)
    return expected(
      [rows.length, no?.em_subscribed, (await account.contact(emailOf('ragna'))).email],
      [(await dynamics.contacts()).length * 3, false, emailOf('ragna')],
    )
  })
  await story.claim('the section is on the contact form now, and only there', 0, async () => {
    const [stock, sales] = await Promise.all(
      [STOCK_FORM_ID, SALES_FORM_ID].map((id) => publishedForm(dynamics.control, id)),
    )
    return expected([TRACE.test(stock ?? ''), TRACE.test(sales ?? '')], [true, false])
  })
}

async function subscribed(stage: Stage): Promise<boolean | undefined> {
  return (await stage.account.contact(emailOf('ragna'))).subscriptions['c1']?.value
}

function toggle(contact: { readonly contactid: string; readonly donotbulkemail: boolean }) {
  return [contact.contactid, contact.donotbulkemail]
}
