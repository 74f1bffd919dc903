import type { SetupPreview, SetupStatus } from '../../src/contracts/setup.js'
import { openDatabase } from '../../src/ledger/db/database.js'
import { overridesOf } from '../../src/ledger/connection/overrides.js'
import {
  customiseForms,
  publishedForm,
  RENAMED_TAB,
  SALES_FORM_ID,
  STOCK_FORM_ID,
} from '../places/contact-forms.js'
import { succeeded, expected, type Story } from '../story.js'
import { CONNECTION_ID, type Stage } from '../stage.js'

const SOON_MS = 60_000
const BY = 'Kari'

/** Sets up Dynamics: set-up finds customised forms, waits for Support's choices, and ends. */
export async function setUpChapter(story: Story, stage: Stage): Promise<void> {
  const { control } = stage.dynamics
  story.chapter('A connection to Dynamics is applied, to a customised organisation')
  story.say('The contact form is locked; the customer has two of its own, without a tab "Details"')
  await customiseForms(control)
  const stock = await publishedForm(control, STOCK_FORM_ID)
  story.say(`lbsync connection apply acme.json --no-wait   (workflow setup/${CONNECTION_ID})`)
  const file = await stage.file('acme.json', stage.files.dynamics)
  const applied = await stage.lbsync('connection', 'apply', file, '--no-wait')
  await story.claim('set-up began', 0, async () => succeeded(applied))
  await story.claim('it waits: which form is meant is not certain', SOON_MS, async () =>
    expected(pauseOf(await statusOf(stage)), 'form: formUncertain'),
  )
  await lookAhead(story, stage)
  await choose(story, stage)
  await story.claim('set-up is done, to 100 %', SOON_MS, async () => {
    const { result, percent } = await statusOf(stage)
    return expected([result, percent], ['done', 100])
  })
  await story.claim('users see the section on the form that was chosen', 0, async () => {
    const form = await publishedForm(control, SALES_FORM_ID)
    return form.includes('em_subscriptions') ? null : 'no section'
  })
  await story.claim('the locked form is as it was', 0, async () =>
    (await publishedForm(control, STOCK_FORM_ID)) === stock ? null : 'it was changed',
  )
  await evidence(story, stage)
}

/** Requests the preview and the status at the same time. */
async function lookAhead(story: Story, stage: Stage): Promise<void> {
  story.say(`lbsync setup preview ${CONNECTION_ID}`)
  const before = await stage.dynamics.installation()
  const [answer, status] = await Promise.all([
    stage.lbsync('setup', 'preview', CONNECTION_ID, '--json'),
    stage.lbsync('setup', 'status', CONNECTION_ID, '--once'),
  ])
  const { steps } = JSON.parse(answer.stdout || '{"steps":[]}') as SetupPreview
  const next = steps.filter(({ state }) => state === 'changes' || state === 'pauses')
  for (const { title, state, changes } of next) {
    const what = state === 'pauses' ? 'would wait for a person' : changes[0]?.what
    story.say(`  ${title}: ${what ?? ''}`)
  }
  await story.claim('the preview says what is still to come, and where it waits', 0, async () =>
    expected(
      next.map(({ id, state }) => `${id} ${state}`),
      [
        'form pauses',
        'webhooks changes',
        'categories changes',
        'firstSync changes',
        'sweep changes',
      ],
    ),
  )
  await story.claim('the preview changed nothing', 0, async () =>
    (await stage.dynamics.installation()) === before ? null : 'Dynamics was changed',
  )
  story.say(`lbsync setup status ${CONNECTION_ID} --once`)
  story.quote(status.stdout)
  await story.claim('Support sees the forms, and the commands that choose one', 0, async () =>
    status.stdout.includes(`--action useForm --form-id ${SALES_FORM_ID}`)
      ? null
      : 'no such command',
  )
}

async function choose(story: Story, stage: Stage): Promise<void> {
  const choice = { step: 'form', action: 'useForm', formId: SALES_FORM_ID }
  const input = JSON.stringify({ ...choice, reason: 'Sales use this form', by: BY })
  const signal = ['--workflow-id', `setup/${CONNECTION_ID}`, '--name', 'override', '--input', input]
  story.say(`temporal workflow signal ${signal.slice(0, 4).join(' ')} --input '${input}'`)
  const sent = await stage.temporalCommand('workflow', 'signal', ...signal)
  await story.claim("Temporal's own command line carries the choice", 0, async () =>
    succeeded(sent),
  )
  await story.claim('now it waits for the tab, which has another name', SOON_MS, async () =>
    expected(pauseOf(await statusOf(stage)), 'form: detailsTabMissing'),
  )
  const override = ['--step', 'form', '--action', 'useTab', '--tab', RENAMED_TAB]
  const on = ['--form-id', SALES_FORM_ID, '--by', BY, '--reason', 'It is their Details']
  story.say(`lbsync setup override ${CONNECTION_ID} ${[...override, ...on].join(' ')}`)
  const overridden = await stage.lbsync('setup', 'override', CONNECTION_ID, ...override, ...on)
  await story.claim('lbsync carries the other one', 0, async () => succeeded(overridden))
}

/** Shows that both choices are stored, with who and why. */
async function evidence(story: Story, stage: Stage): Promise<void> {
  const db = openDatabase(stage.stack.places.databaseUrl)
  try {
    const kept = (await overridesOf(db, CONNECTION_ID, 10)).reverse()
    const lines = kept.map(
      ({ subject, action, by, reason }) => `${subject}: ${action}, by ${by}: ${reason}`,
    )
    story.say('select subject, action, by_whom, reason from overrides   (append-only)')
    story.quote(lines.join('\n'))
    await story.claim('both choices stand in the ledger, with who and why', 0, async () =>
      expected(lines, [
        `setup/form: useForm, by ${BY}: Sales use this form`,
        `setup/form: useTab, by ${BY}: It is their Details`,
      ]),
    )
  } finally {
    await db.close()
  }
}

function statusOf({ temporal }: Stage): Promise<SetupStatus> {
  return temporal.client.workflow.getHandle(`setup/${CONNECTION_ID}`).query('status')
}

function pauseOf({ steps }: SetupStatus): string | null {
  const step = steps.find(({ state }) => state === 'paused')
  return step ? `${step.id}: ${step.pause?.code}` : null
}
