import type { Command } from 'commander'
import { readEnvironment } from '../../config/environment.js'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'

/** `lbsync migrate`: brings the database to this release's schema; safe to repeat and to run twice at once. */
export function addMigrate(program: Command, output: Output): void {
  addLeaf(program, {
    usage: 'migrate',
    summary: 'bring the database to this release, forward only',
    exitCodes: [EXIT.refusedByRule, EXIT.unreachable],
  }).action(async ({ json = false }: JsonOption) => {
    const { migrate } = await import('../../ledger/migrate.js')
    const { database } = readEnvironment(['database'])
    const report = await migrate(database.url.reveal())
    await output.answer(json, report, () =>
      report.applied.length === 0
        ? `Nothing to do: the database is at ${report.current}.`
        : `Applied ${report.applied.join(', ')}.`,
    )
  })
}
