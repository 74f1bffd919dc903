import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'

interface Options extends JsonOption {
  readonly reason: string
  readonly by: string
}

const NAMES = { emarketeer: 'eMarketeer', crm: 'the CRM' }

/** `lbsync connection retry ID` */
export function addConnectionRetry(group: Command, output: Output): void {
  addLeaf(group, {
    usage: 'retry <id>',
    summary: 'call both systems again at once, whatever kept us away',
    exitCodes: [EXIT.notFound, EXIT.unreachable],
  })
    .requiredOption('--reason <text>', 'why; kept as evidence')
    .requiredOption('--by <name>', 'who; kept as evidence')
    .action(async (connectionId: string, { json = false, reason, by }: Options) => {
      const { retryConnection } = await import('../connection/retry-connection.js')
      const retried = await retryConnection({ connectionId, reason, by })
      await output.answer(json, retried, () =>
        retried.opened.length === 0
          ? `Nothing kept us from calling the systems of ${connectionId}.`
          : retried.opened
              .map(
                ({ side, code }) => `The next piece of work calls ${NAMES[side]} again (${code}).`,
              )
              .join('\n'),
      )
    })
}
