import { setTimeout as wait } from 'node:timers/promises'
import type { CommandAnswer } from '../run-command.js'
import { fjordEmail, LEGAL_BASE } from '../superoffice-people.js'
import { expected, succeeded, type Story } from '../story.js'
import type { Stage } from '../stage.js'
import { statesOf } from './superoffice.js'

const FJORD = 'fjord-so'

/** A third customer's installation on site posts no webhooks; the sweep alone finds what changes. @param applied what `apply` answered. */
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
