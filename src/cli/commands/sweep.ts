import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addGroup, addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'
import { safeText, workText } from '../terminal-text.js'

/** `lbsync sweep now ID` */
export function addSweep(program: Command, output: Output): void {
  const group = addGroup(program, 'sweep', 'the background sweep')
  addLeaf(group, {
    usage: 'now <id>',
    summary: 'sweep a connection now, and wait; joins a sweep that is running',
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
  }).action(async (connectionId: string, { json = false }: JsonOption) => {
    const { sweepNow } = await import('../../app/sweep-now.js')
    const swept = await sweepNow(connectionId, output)
    await output.answer(json, swept, () =>
      [
        `Swept ${connectionId}: ${workText(swept.report)}.`,
        ...swept.untidy,
        ...swept.notices.map(safeText),
      ].join('\n'),
    )
  })
}
