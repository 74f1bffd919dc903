import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'
import { withLedger } from '../../app/resources.js'
import type { Explanation } from '../../app/why/explanation.js'
import { linesText } from '../terminal-text.js'

interface Options extends JsonOption {
  readonly email: string
}

/** `lbsync why ID --email …` */
export function addWhy(program: Command, output: Output): void {
  addLeaf(program, {
    usage: 'why <id>',
    summary: "show a contact's history, and the reason for its present state",
    exitCodes: [EXIT.notFound, EXIT.unreachable],
    notes: 'Shows what our copy holds of the given address, and calls no outside system.',
  })
    .requiredOption('--email <address>', 'whose')
    .action(async (connectionId: string, { json = false, email }: Options) => {
      const { loadWhy } = await import('../../app/why/load-why.js')
      const { explain } = await import('../../app/why/explanation.js')
      const explanation = explain(await withLedger((db) => loadWhy(db, connectionId, email)))
      await output.answer(json, explanation, () => explanationText(explanation))
    })
}

/** The explanation as text. */
export function explanationText(explanation: Explanation): string {
  const { connectionId, email, asOf, gate, events, wayBack } = explanation
  const asOfWord = (time: string | null) => time ?? 'not verified yet'
  return linesText([
    `${email} in connection ${connectionId}`,
    `As of: eMarketeer ${asOfWord(asOf.emarketeer)}, CRM ${asOfWord(asOf.crm)}.`,
    '',
    ...explanation.state.flatMap(({ sentences }) => sentences),
    gate.sentence,
    ...(wayBack === null ? [] : [wayBack]),
    '',
    events.length === 0
      ? 'Nothing was ever written for this contact.'
      : `${events.length} ${events.length === 1 ? 'decision' : 'decisions'}, oldest first:`,
    ...events.flatMap(({ at, sentences }) => [at, ...sentences.map((line) => `  ${line}`)]),
  ])
}
