import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addEvidenceLeaf, addGroup, type EvidenceOption } from '../leaf-command.js'
import type { Output } from '../output.js'

/** `lbsync ledger restored` */
export function addLedger(program: Command, output: Output): void {
  const group = addGroup(program, 'ledger', 'the database of people and their consent')
  addEvidenceLeaf(group, {
    usage: 'restored',
    summary:
      'record that the ledger was restored from a backup: nothing seen before proves anything',
    exitCodes: [EXIT.refusedByRule, EXIT.unreachable],
    notes:
      'Refused while workflows other than cron ones run, and while leases are held (docs/ledger.md).',
  }).action(async ({ json = false, reason, by }: EvidenceOption) => {
    const { noteRestored } = await import('../../app/ledger-restored.js')
    const restored = await noteRestored({ reason, by })
    await output.answer(json, restored, () =>
      restored.connections.length === 0
        ? 'There is no connection.'
        : `Everything is read again for ${restored.connections.join(', ')}.`,
    )
  })
}
