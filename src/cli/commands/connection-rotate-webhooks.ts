import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'

interface Options extends JsonOption {
  readonly reason: string
  readonly by: string
}

/** `lbsync connection rotate-webhooks ID` */
export function addConnectionRotateWebhooks(group: Command, output: Output): void {
  addLeaf(group, {
    usage: 'rotate-webhooks <id>',
    summary: 'give the webhooks of both sides new addresses and secrets',
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
  })
    .requiredOption('--reason <text>', 'why; kept as evidence')
    .requiredOption('--by <name>', 'who; kept as evidence')
    .action(async (connectionId: string, { json = false, reason, by }: Options) => {
      const { rotateWebhooks } = await import('../connection/rotate-webhooks.js')
      const rotated = await rotateWebhooks({ connectionId, reason, by }, output)
      await output.answer(json, rotated, () =>
        rotated.installed
          ? `Both sides post to new addresses. What comes to the former ones is taken until ${rotated.formerAcceptedUntil}.`
          : `The CRM did not take the new address (${rotated.reason}). The former one goes on; do it again once that is mended.`,
      )
    })
}
