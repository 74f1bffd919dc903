import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addGroup, addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'
import { safeText, workText } from '../terminal-text.js'
import { withLedger, withTemporal } from '../../app/resources.js'

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

interface Options extends JsonOption {
  readonly contact: readonly string[]
  readonly dryRun?: boolean
}

/** `lbsync resync ID` */
export function addResync(program: Command, output: Output): void {
  addLeaf(program, {
    usage: 'resync <id>',
    summary: 'read contacts directly on both sides and decide them again',
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
    notes: 'Without --contact: everybody who is linked.',
  })
    .option(
      '--contact <address-or-id>',
      'e-mail address, eMarketeer contact id or CRM contact id; may be repeated',
      (contact: string, others: readonly string[]) => [...others, contact],
      [],
    )
    .option('--dry-run', 'read and decide, and write nothing')
    .action(async (connectionId: string, { json = false, contact, dryRun = false }: Options) => {
      const { requireRunning } = await import('../../app/connection/require-running.js')
      const { findContacts, runResync } = await import('../../app/resync.js')
      const addressIds = await withLedger(async (db) => {
        await requireRunning(db, connectionId)
        return contact.length === 0 ? null : findContacts(db, connectionId, contact)
      })
      const resynced = await withTemporal((temporal) =>
        runResync(temporal, { connectionId, addressIds, dryRun }, output),
      )
      await output.answer(json, { connectionId, dryRun, ...resynced }, () =>
        dryRun
          ? `A resync of ${connectionId} would result in: ${workText(resynced.report)}.`
          : `Resynced ${connectionId}: ${workText(resynced.report)}.`,
      )
    })
}
