import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'
import { jsonText } from '../terminal-text.js'

interface Options extends JsonOption {
  readonly account: string
}

/** `lbsync mailing-list SENDOUT_ID`: lines of JSON with and without `--json`, which only changes how errors are reported. */
export function addMailingList(program: Command, output: Output): void {
  addLeaf(program, {
    usage: 'mailing-list <sendoutId>',
    summary: 'write the mailing list, one JSON document a line',
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
    notes:
      'Each page first catches up with eMarketeer: who withdrew meanwhile is not on it. --json changes only how\n' +
      'errors are reported. The list is complete only if the command exits with 0.',
  })
    .requiredOption(
      '--account <id>',
      "account of the sendout; another account's sendout with this id is not returned",
    )
    .action(async (sendoutId: string, { account }: Options) => {
      const { readMailingList } = await import('../../app/read-mailing-list.js')
      await readMailingList({ sendoutId, accountId: account }, async (entries) => {
        const lines = entries.map((entry) => `${jsonText(entry)}\n`).join('')
        return lines === '' || output.write(lines)
      })
    })
}
