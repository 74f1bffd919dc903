import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'
import { withTemporal } from '../resources.js'

/** `lbsync setup preview ID` */
export function addSetupPreview(group: Command, output: Output): void {
  addLeaf(group, {
    usage: 'preview <id>',
    summary: 'show what set-up would create or change, and where it would pause; change nothing',
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
    notes: 'The connection must have been applied once; its set-up may run, wait, or have ended.',
  }).action(async (connectionId: string, { json = false }: JsonOption) => {
    const { previewSetup } = await import('../setup/preview-setup.js')
    const { previewLines } = await import('../setup/preview-lines.js')
    const { paintFor } = await import('../setup/paint.js')
    const preview = await withTemporal((temporal) => previewSetup(temporal, connectionId, output))
    await output.answer(json, preview, () =>
      previewLines(preview, paintFor(process.stdout)).join('\n'),
    )
  })
}
