import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'
import { withLedger } from '../resources.js'
import { textTable } from '../text-table.js'

/** `lbsync connection list` */
export function addConnectionList(group: Command, output: Output): void {
  addLeaf(group, {
    usage: 'list',
    summary: 'list all connections',
    exitCodes: [EXIT.unreachable],
  }).action(async ({ json = false }: JsonOption) => {
    const { listConnections } = await import('../../ledger/connections.js')
    const { summaryOf } = await import('../connection/connection-view.js')
    const connections = await withLedger(async (db) => (await listConnections(db)).map(summaryOf))
    await output.answer(json, { connections }, () =>
      connections.length === 0
        ? 'There is no connection yet: `lbsync connection apply FILE` makes one.'
        : textTable(
            ['CONNECTION', 'ACCOUNT', 'CRM', 'STATE'],
            connections.map((c) => [c.connectionId, c.accountId, c.crm, c.state]),
          ),
    )
  })
}
