import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import type { PreSendResult } from '../../contracts/pre-send.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'
import { addPreSendAbort } from './pre-send-abort.js'
import { addPreSendReschedule } from './pre-send-reschedule.js'

interface Options extends JsonOption {
  readonly wait?: boolean
}

/** `lbsync pre-send FILE`, and what steers one that runs. */
export function addPreSend(program: Command, output: Output): void {
  const command = addLeaf(program, {
    usage: 'pre-send <file>',
    summary: 'start a pre-send from a request file, or join the one that runs',
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable, EXIT.incomplete],
    notes: 'With --wait it ends with 6 when somebody could not be verified, or it was aborted.',
  })
    .option('--wait', 'wait for the result and answer with it')
    .enablePositionalOptions()
    .action(async (file: string, { json = false, wait = false }: Options) => {
      const { startPreSend } = await import('../pre-send/start-pre-send.js')
      const answer = await startPreSend(file, { wait, output })
      if ('workflowId' in answer) {
        await output.answer(json, answer, () => `Pre-send ${answer.status}: ${answer.workflowId}.`)
        return
      }
      await output.answer(json, answer, () => resultText(answer))
      if (!answer.complete || answer.outcome === 'aborted') {
        process.exitCode = EXIT.incomplete
      }
    })
  addPreSendAbort(command, output)
  addPreSendReschedule(command, output)
}

function resultText(result: PreSendResult): string {
  const excluded = Object.entries(result.excluded).filter(([, count]) => count > 0)
  return [
    `Sendout ${result.sendoutId}, stage ${result.stage}: ${result.outcome}, ` +
      `${result.complete ? 'complete' : 'incomplete'}, verified as of ${result.verifiedAsOf ?? 'never'}`,
    `${result.eligible} of ${result.targeted} eligible`,
    ...excluded.map(([reason, count]) => `  excluded, ${reason}: ${count}`),
    ...(result.problems.length === 0 ? [] : [`What went wrong: ${result.problems.join(', ')}`]),
    result.mailingList === null ? 'No mailing list.' : `Mailing list: ${result.mailingList}`,
  ].join('\n')
}
