import { Command, Help, type Option } from 'commander'
import { addConnection } from './commands/connection.js'
import { addDoctor } from './commands/doctor.js'
import { addGateway } from './commands/gateway.js'
import { addHeld } from './commands/held.js'
import { addLedger } from './commands/ledger.js'
import { addMailingList } from './commands/mailing-list.js'
import { addMigrate } from './commands/migrate.js'
import { addPreSend } from './commands/pre-send.js'
import { addRelease } from './commands/release.js'
import { addResync } from './commands/resync.js'
import { addSetup } from './commands/setup.js'
import { addSweep } from './commands/sweep.js'
import { addWhy } from './commands/why.js'
import { addWorker } from './commands/worker.js'
import { AppError } from '../contracts/app-error.js'
import { EXIT } from '../contracts/error-catalogue.js'
import { addLeaf } from './leaf-command.js'
import { type Output, createOutput } from './output.js'
import { createRequire } from 'node:module'
import { isHelpOrVersion } from './errors/from-commander.js'
import { interruption } from './stop-signal.js'

/** Adds a command, which answers by `output`. */
export type AddCommand = (program: Command, output: Output) => void

/**
 * The command line, whole. Commands load what they work with when they run, so that `--help` is quick.
 *
 * @param tryingOut commands that only a checkout has (dev/main.ts); elsewhere each says so.
 */
export function buildProgram(
  output: Output,
  tryingOut: readonly AddCommand[] = [onlyInCheckout('dev'), onlyInCheckout('demo')],
): Command {
  const program = new Command('lbsync')
    .description(
      "Keeps legal basis and subscriptions in sync between eMarketeer and a company's CRM.",
    )
    .version(productVersion(), '--version', 'print the version of this release')
    // run-cli.ts reports errors: commander throws, and shows only help.
    .exitOverride()
    // Options belong to the command that they stand behind: `pre-send` and `pre-send abort` both have --json.
    .enablePositionalOptions()
    .configureHelp({ optionDescription: descriptionOf })
    .configureOutput({ writeErr: (help) => output.note(help), outputError: () => undefined })
  addMigrate(program, output)
  addWorker(program, output)
  addRelease(program, output)
  addGateway(program, output)
  addConnection(program, output)
  addSetup(program, output)
  addSweep(program, output)
  addResync(program, output)
  addPreSend(program, output)
  addMailingList(program, output)
  addWhy(program, output)
  addHeld(program, output)
  addLedger(program, output)
  addDoctor(program, output)
  tryingOut.forEach((add) => add(program, output))
  return program
}

function onlyInCheckout(name: string): AddCommand {
  return (program) => {
    addLeaf(program, {
      usage: name,
      summary: 'for trying out; in a checkout only',
      exitCodes: [EXIT.refusedByRule],
    }).action(() => {
      throw new AppError('checkout_needed', `lbsync ${name} works with what a checkout alone has.`)
    })
  }
}

/** Commander's description, marked if the option is required. */
function descriptionOf(option: Option): string {
  const told = new Help().optionDescription(option)
  return option.mandatory ? `${told} (required)` : told
}

/** The version of this release, as its package says. */
function productVersion(): string {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }
  return version
}

/**
 * Runs one command and sets the process's exit code (docs/cli.md). It does not end the process: what a command opened is
 * closed by then, and what it wrote is flushed by Node itself.
 *
 * @param args what stands after `lbsync` on the command line.
 * @param tryingOut the commands of a checkout alone.
 */
export async function runCli(
  args: readonly string[],
  tryingOut?: readonly AddCommand[],
): Promise<void> {
  const output = createOutput(process.stdout, process.stderr)
  try {
    await buildProgram(output, tryingOut).parseAsync([...args], { from: 'user' })
  } catch (error) {
    if (!isHelpOrVersion(error)) {
      // Loaded here, since a command that works does without.
      const { reportError, toCliError } = await import('./errors/report-error.js')
      // The options may not have been parsed when it failed, so the switch is looked for as it stands.
      const json = args.includes('--json')
      const told = toCliError(error)
      // A stop signal breaks what is being loaded: that is no fault of its own.
      const shown = told.code === 'internal' ? (interruption() ?? told) : told
      process.exitCode = await reportError(shown, error, output, json)
    }
  }
}
