import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'

interface Options extends JsonOption {
  readonly reason: string
  readonly by: string
}

/** `lbsync connection resume ID` */
export function addConnectionResume(group: Command, output: Output): void {
  addLeaf(group, {
    usage: 'resume <id>',
    summary: 'end a pause, and sweep at once',
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
  })
    .requiredOption('--reason <text>', 'why; kept as evidence')
    .requiredOption('--by <name>', 'who; kept as evidence')
    .action(async (connectionId: string, { json = false, reason, by }: Options) => {
      const { resumeConnection } = await import('../connection/pause-and-resume.js')
      const resumed = await resumeConnection({ connectionId, reason, by }, output)
      await output.answer(
        json,
        resumed,
        () => `Connection ${connectionId} is ${resumed.state}; it is swept at once.`,
      )
    })
}
