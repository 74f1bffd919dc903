import type { SetupStatus } from '../../src/contracts/setup.js'
import type { CommandAnswer } from '../run-command.js'
import { LEGAL_BASE, nordEmail, type NordPart } from '../superoffice-people.js'
import { expected, succeeded, type Story } from '../story.js'
import type { Stage } from '../stage.js'

export const NORD = 'nord-so'

const SECONDS_MS = 15_000
const { consent, withdrawn, legitimateInterest, contract, publicInterest, requiredByLaw } =
  LEGAL_BASE

/** Another customer, with SuperOffice Online: set-up, first sync, webhooks. @param applied the answer of `apply`. */
export async function superOfficeChapter(
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
