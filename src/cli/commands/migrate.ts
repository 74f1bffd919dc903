import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { MigrationReport } from '../../ledger/db/migrate.js'
import type { Output } from '../output.js'

/**
 * `lbsync migrate`: migrates the database to this release's schema. Safe to repeat and to run twice at the same time.
 */
export function addMigrate(program: Command, output: Output): void {
  addLeaf(program, {
    usage: 'migrate',
    summary: 'migrate the database to this release, forward only',
    exitCodes: [EXIT.refusedByRule, EXIT.unreachable],
    notes: [
      'Run it as the owner of the database. With WORKER_DATABASE_PASSWORD, GATEWAY_DATABASE_PASSWORD and',
      'CLI_DATABASE_PASSWORD set it also makes the logins of everything else (docs/securing.md).',
    ].join('\n'),
  }).action(async ({ json = false }: JsonOption) => {
    const { migrate } = await import('../../ledger/db/migrate.js')
    const { readEnvironment } = await import('../../config/environment/environment.js')
    const { database, logins } = readEnvironment(['database', 'logins'])
    const report = await migrate(
      database.url.reveal(),
      logins.logins.map(({ name, password }) => ({ name, password: password.reveal() })),
    )
    await output.answer(json, report, () => linesOf(report).join('\n'))
  })
}

function linesOf({ applied, current, logins }: MigrationReport): readonly string[] {
  return [
    applied.length === 0
      ? `Nothing to do: the database is at ${current}.`
      : `Applied ${applied.join(', ')}.`,
    ...(logins.length === 0 ? [] : [`Logins with their password as given: ${logins.join(', ')}.`]),
  ]
}
