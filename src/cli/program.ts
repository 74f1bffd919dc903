import { Command } from 'commander'
import { addConnection } from './commands/connection.js'
import { addMigrate } from './commands/migrate.js'
import type { Output } from './output.js'

/** The command line, whole. Commands load what they work with when they run, so that `--help` is quick. */
export function buildProgram(output: Output): Command {
  const program = new Command('lbsync')
    .description(
      "Keeps legal basis and subscriptions in step between eMarketeer and a company's CRM.",
    )
    // Errors are told in one place (run-cli.ts): commander only throws.
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, outputError: () => undefined })
  addMigrate(program, output)
  addConnection(program, output)
  return program
}
