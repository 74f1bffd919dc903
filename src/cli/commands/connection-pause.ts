import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'

interface Options extends JsonOption {
  readonly reason: string
  readonly by: string
  readonly optOutsFlow?: boolean
}

/** `lbsync connection pause ID` */
export function addConnectionPause(group: Command, output: Output): void {
  addLeaf(group, {
    usage: 'pause <id>',
    summary: 'sync nothing but sendouts until the connection is resumed',
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
  })
    .requiredOption('--reason <text>', 'why; kept as evidence')
    .requiredOption('--by <name>', 'who; kept as evidence')
    .option('--opt-outs-flow', 'hold back only what makes somebody more mailable')
    .action(
      async (connectionId: string, { json = false, reason, by, optOutsFlow = false }: Options) => {
        const { pauseConnection } = await import('../connection/pause-and-resume.js')
        const mode = optOutsFlow ? 'loosening' : 'all'
        const paused = await pauseConnection({ connectionId, reason, by }, mode, output)
        await output.answer(json, paused, () =>
          optOutsFlow
            ? `Connection ${connectionId} is paused; opt-outs flow.`
            : `Connection ${connectionId} is paused.`,
        )
      },
    )
}
