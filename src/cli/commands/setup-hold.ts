import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'
import { withTemporal } from '../resources.js'

interface Options extends JsonOption {
  readonly reason: string
  readonly by: string
}

/** `lbsync setup pause|resume ID` */
export function addSetupHold(group: Command, output: Output, action: 'pause' | 'resume'): void {
  const summary = {
    pause: 'hold set-up back before its next step',
    resume: 'let set-up go on; a step that waits is tried again',
  }[action]
  addLeaf(group, {
    usage: `${action} <id>`,
    summary,
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
  })
    .requiredOption('--reason <text>', 'why; kept as evidence')
    .requiredOption('--by <name>', 'who; kept as evidence')
    .action(async (connectionId: string, { json = false, reason, by }: Options) => {
      const { holdSetup } = await import('../setup/hold-setup.js')
      const held = await withTemporal((temporal) =>
        holdSetup(temporal, connectionId, action, { reason, by }),
      )
      await output.answer(json, held, () =>
        action === 'pause'
          ? `Set-up of ${connectionId}: ${held.outcome}. It stops before its next step.`
          : `Set-up of ${connectionId}: ${held.outcome}. It goes on.`,
      )
    })
}
