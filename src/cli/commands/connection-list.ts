import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import type { ConnectionSummary } from '../connection/connection-view.js'
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
    const { listConnections } = await import('../../ledger/connection/connections.js')
    const { keptFor, summaryOf } = await import('../connection/connection-view.js')
    const connections = await withLedger(async (db) => {
      const rows = await listConnections(db)
      return Promise.all(rows.map(async (row) => summaryOf(row, await keptFor(db, row))))
    })
    await output.answer(json, { connections }, () =>
      connections.length === 0
        ? 'There is no connection yet: `lbsync connection apply FILE` makes one.'
        : textTable(
            ['CONNECTION', 'ACCOUNT', 'CRM', 'STATE', 'PAUSED'],
            connections.map((c) => [c.connectionId, c.accountId, c.crm, c.state, pausedText(c)]),
          ),
    )
  })
}

/** How, and since when; the reasons are told by `connection show`. */
function pausedText({ pause }: ConnectionSummary): string {
  if (pause === null) {
    return ''
  }
  const how = {
    all: 'by a person',
    loosening: 'by a person, opt-outs flow',
    refused: 'by itself: the CRM refuses us',
  }[pause.mode]
  return pause.since === null ? how : `${how}, since ${pause.since}`
}
