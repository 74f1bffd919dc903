import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'
import { workText } from '../work-text.js'

interface Options extends JsonOption {
  readonly reason: string
  readonly by: string
}

/** `lbsync held approve ID` and `lbsync held reject ID`: one decision upon everything held. */
export function addHeldVerdict(group: Command, output: Output, action: 'approve' | 'reject'): void {
  const summary = {
    approve: 'let everything held become mailable, each decided afresh',
    reject: 'take the restrictive value for everything held',
  }[action]
  addLeaf(group, {
    usage: `${action} <id>`,
    summary,
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
  })
    .requiredOption('--reason <text>', 'why; kept as evidence')
    .requiredOption('--by <name>', 'who; kept as evidence')
    .action(async (connectionId: string, { json = false, reason, by }: Options) => {
      const { decideHeld } = await import('../decide-held.js')
      const decided = await decideHeld(action, { connectionId, reason, by }, output)
      await output.answer(json, decided, () =>
        decided.report === null
          ? 'Nothing is held.'
          : `${decided.cells} held decisions ${decided.decision}: ${workText(decided.report)}.`,
      )
    })
}
