import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import {
  addLeaf,
  type JsonOption,
  addEvidenceLeaf,
  addGroup,
  type EvidenceOption,
} from '../leaf-command.js'
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

/** `lbsync ledger restored` */
export function addLedger(program: Command, output: Output): void {
  const group = addGroup(program, 'ledger', 'the database of people and their consent')
  addEvidenceLeaf(group, {
    usage: 'restored',
    summary:
      'record that the ledger was restored from a backup: nothing seen before proves anything',
    exitCodes: [EXIT.refusedByRule, EXIT.unreachable],
    notes:
      'Refused while workflows other than cron ones run, and while leases are held (docs/ledger.md).',
  }).action(async ({ json = false, reason, by }: EvidenceOption) => {
    const { noteRestored } = await import('../../app/ledger-restored.js')
    const restored = await noteRestored({ reason, by })
    await output.answer(json, restored, () =>
      restored.connections.length === 0
        ? 'There is no connection.'
        : `Everything is read again for ${restored.connections.join(', ')}.`,
    )
  })
}
