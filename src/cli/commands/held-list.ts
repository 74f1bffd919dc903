import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'
import { withLedger } from '../resources.js'
import { textTable } from '../text-table.js'

/** `lbsync held list ID`: names the addresses, since somebody has to judge who would be mailed. */
export function addHeldList(group: Command, output: Output): void {
  addLeaf(group, {
    usage: 'list <id>',
    summary: 'list what is held, oldest first',
    exitCodes: [EXIT.notFound, EXIT.unreachable],
    notes: 'Shows e-mail addresses.',
  }).action(async (connectionId: string, { json = false }: JsonOption) => {
    const { requireConnection } = await import('../connection/connection-view.js')
    const { heldLoosenings } = await import('../../ledger/run/runs.js')
    const held = await withLedger(async (db) => {
      await requireConnection(db, connectionId)
      return (await heldLoosenings(db, connectionId)).map((item) => ({
        addressId: item.addressId,
        address: item.address,
        cell: item.cellKey,
        line: item.line,
        since: item.since.toISOString(),
        tier: item.tier,
      }))
    })
    await output.answer(json, { connectionId, held }, () =>
      held.length === 0
        ? 'Nothing is held.'
        : textTable(
            ['ADDRESS', 'WHAT', 'RULE', 'SINCE', 'TIER'],
            held.map((item) => [item.address, item.cell, item.line, item.since, item.tier ?? '']),
          ),
    )
  })
}
