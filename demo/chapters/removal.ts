import {
  publishedForm,
  SALES_FORM_ID,
  STOCK_FORM_ID,
  unlockStockForm,
} from '../places/contact-forms.js'
import { emailOf } from '../people.js'
import { expected, succeeded, type Story } from '../story.js'
import { CONNECTION_ID, type Stage } from '../stage.js'

const KARI = 'Kari Nordmann'
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
