import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'
import { withLedger } from '../resources.js'

interface Options extends JsonOption {
  readonly email: string
}

/** `lbsync why ID --email …` */
export function addWhy(program: Command, output: Output): void {
  addLeaf(program, {
    usage: 'why <id>',
    summary: "tell a contact's history, and the reason of its present state",
    exitCodes: [EXIT.notFound, EXIT.unreachable],
    notes:
      'Shows the address that was asked for. Asks no outside system: it tells what our copy holds.',
  })
    .requiredOption('--email <address>', 'whose')
    .action(async (connectionId: string, { json = false, email }: Options) => {
      const { loadWhy } = await import('../why/load-why.js')
      const { explain, explanationText } = await import('../why/explanation.js')
      const explanation = explain(await withLedger((db) => loadWhy(db, connectionId, email)))
      await output.answer(json, explanation, () => explanationText(explanation))
    })
}
