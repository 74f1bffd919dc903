import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'

interface Options extends JsonOption {
  readonly wait: boolean
}

/** `lbsync connection apply FILE`: "Apply changes". */
export function addConnectionApply(group: Command, output: Output): void {
  addLeaf(group, {
    usage: 'apply <file>',
    summary: 'check a connection file, store it, and run set-up',
    exitCodes: [EXIT.refusedByRule, EXIT.unreachable],
  })
    .option('--no-wait', 'do not wait until set-up has ended')
    .action(async (file: string, { json = false, wait }: Options) => {
      const { applyConnection } = await import('../connection/apply-connection.js')
      const applied = await applyConnection(file, { wait, output })
      await output.answer(json, applied, () =>
        [
          `Connection ${applied.connectionId} is ${applied.state}.`,
          ...(applied.joined
            ? ['Its set-up was running already; apply again when it has ended.']
            : []),
          ...(wait ? [] : [`Set-up goes on as ${applied.workflowId}.`]),
        ].join('\n'),
      )
    })
}
