import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'
import { accountOption, stageOption } from './pre-send-options.js'

interface Options extends JsonOption {
  readonly stage: string
  readonly startAt: string
  readonly deadline?: string
  readonly account?: string
}

/** `lbsync pre-send reschedule SENDOUT_ID` */
export function addPreSendReschedule(group: Command, output: Output): void {
  addLeaf(group, {
    usage: 'reschedule <sendoutId>',
    summary: 'give a pre-send that still waits another start',
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
  })
    .addOption(stageOption())
    .addOption(accountOption())
    .requiredOption('--start-at <time>', 'ISO UTC')
    .option('--deadline <time>', 'ISO UTC (default: 30 minutes after the start)')
    .action(
      async (sendoutId: string, { json = false, stage, startAt, deadline, account }: Options) => {
        const { steerPreSend } = await import('../pre-send/steer-pre-send.js')
        const change = {
          startAt,
          ...(deadline === undefined ? {} : { deadline }),
          ...(account === undefined ? {} : { accountId: account }),
        }
        const steered = await steerPreSend(sendoutId, stage, { name: 'reschedule', change })
        await output.answer(
          json,
          steered,
          () =>
            `${steered.workflowId} starts at ${steered.status.startAt}, to be done ` +
            `${steered.status.deadline === null ? '30 minutes later' : `by ${steered.status.deadline}`}.`,
        )
      },
    )
}
