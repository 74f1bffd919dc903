import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'

interface Options extends JsonOption {
  readonly reason: string
  readonly by: string
  readonly wait: boolean
}

/** `lbsync connection remove-installed ID` */
export function addConnectionRemoveInstalled(group: Command, output: Output): void {
  addLeaf(group, {
    usage: 'remove-installed <id>',
    summary: 'disable a connection, and remove what set-up installed in the CRM',
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
  })
    .requiredOption('--reason <text>', 'why; kept as evidence')
    .requiredOption('--by <name>', 'who; kept as evidence')
    .option('--no-wait', 'do not wait until it has ended')
    .action(async (connectionId: string, { json = false, reason, by, wait }: Options) => {
      const { removeInstalled } = await import('../connection/remove-installed.js')
      const request = { connectionId, reason, by }
      const removed = await removeInstalled(request, { wait, output })
      await output.answer(json, removed, () =>
        [
          `Connection ${connectionId} is ${removed.state}.`,
          ...removed.steps.flatMap(({ title, note }) =>
            note === null ? [] : [`${title}: ${note}`],
          ),
          ...(wait ? [] : [`${removed.workflowId} goes on.`]),
        ].join('\n'),
      )
    })
}
