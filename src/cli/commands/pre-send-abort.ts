import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'
import { accountOption, stageOption } from './pre-send-options.js'

interface Options extends JsonOption {
  readonly stage: string
  readonly reason: string
  readonly by: string
  readonly account?: string
}

/** `lbsync pre-send abort SENDOUT_ID` */
export function addPreSendAbort(group: Command, output: Output): void {
  addLeaf(group, {
    usage: 'abort <sendoutId>',
    summary: 'end a running pre-send: nobody eligible, no list',
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
  })
    .addOption(stageOption())
    .addOption(accountOption())
    .requiredOption('--reason <text>', 'why')
    .requiredOption('--by <name>', 'who')
    .action(async (sendoutId: string, { json = false, stage, reason, by, account }: Options) => {
      const { steerPreSend } = await import('../pre-send/steer-pre-send.js')
      const steered = await steerPreSend(sendoutId, stage, {
        name: 'abort',
        change: { reason, by, ...(account === undefined ? {} : { accountId: account }) },
      })
      await output.answer(json, steered, () => `${steered.workflowId} is being aborted.`)
    })
}
