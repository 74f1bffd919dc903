import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'
import type { ConnectionState } from '../../domain/connection-state.js'
import { withLedger, withTemporal } from '../resources.js'
import { stopSignal } from '../stop-signal.js'

interface Options extends JsonOption {
  readonly once?: boolean
}

/** `lbsync setup status ID` */
export function addSetupStatus(group: Command, output: Output): void {
  addLeaf(group, {
    usage: 'status <id>',
    summary: 'show how far set-up is, what it waits for, and what to do about it',
    exitCodes: [EXIT.notFound, EXIT.unreachable],
    notes:
      'On a terminal it goes on showing until set-up has ended, or Ctrl-C; that ends the view, not set-up. ' +
      'Where the connection is being disabled, or its installation removed, it shows that.',
  })
    .option('--once', 'show it once')
    .action(async (connectionId: string, { json = false, once = false }: Options) => {
      const { lookAtWork } = await import('../setup/look-at-work.js')
      const { statusLines } = await import('../setup/status-lines.js')
      const { paintFor } = await import('../setup/paint.js')
      const screen = process.stdout
      const paint = paintFor(screen)
      await withTemporal(async (temporal) => {
        const look = () => lookAtWork(temporal, connectionId, () => stateOf(connectionId))
        if (!json && !once && screen.isTTY) {
          const { watchSetup } = await import('../setup/watch-setup.js')
          await watchSetup({ look, screen, paint, signal: await stopSignal() })
          return
        }
        const now = await look()
        await output.answer(json, now.answer, () => statusLines(now, { paint }).join('\n'))
      })
    })
}

/** Passed over where DATABASE_URL is not set, or the database is away: who looks at set-up needs Temporal alone. */
async function stateOf(connectionId: string): Promise<ConnectionState | null> {
  if (!process.env['DATABASE_URL']) {
    return null
  }
  const { findConnection } = await import('../../ledger/connection/connections.js')
  const found = await withLedger((db) => findConnection(db, connectionId)).catch(() => null)
  return found?.state ?? null
}
