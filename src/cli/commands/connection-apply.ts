import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'

interface Options extends JsonOption {
  readonly wait: boolean
  readonly setup: boolean
  readonly by?: string
}

/** `lbsync connection apply FILE`: "Apply changes". */
export function addConnectionApply(group: Command, output: Output): void {
  addLeaf(group, {
    usage: 'apply <file>',
    summary: 'check a connection file, store it, and run set-up; "crm":"none" disables',
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
  })
    .option('--no-wait', 'do not wait until set-up, or the disabling, has ended')
    .option('--no-setup', 'check and store only; look first with `lbsync setup preview`')
    .option('--by <name>', 'who; kept as evidence where it disables (your user name)')
    .action(async (file: string, { json = false, wait, setup, by }: Options) => {
      const { applyConnection } = await import('../connection/apply-connection.js')
      const { userName } = await import('../user-name.js')
      const applied = await applyConnection(file, { wait, setup, output, by: by ?? userName() })
      await output.answer(json, applied, () =>
        [
          `Connection ${applied.connectionId} is ${applied.state}.`,
          ...(applied.joined
            ? [
                `${applied.workflowId} was running already: a step that waits is tried again with the new settings; ` +
                  'for those that have ended apply again when it has.',
              ]
            : []),
          ...(setup
            ? wait
              ? []
              : [`${applied.workflowId} goes on.`]
            : [
                `Set-up was not begun: lbsync setup preview ${applied.connectionId}, then apply again.`,
              ]),
        ].join('\n'),
      )
    })
}
