import { Command, Help, type Option } from 'commander'
import { addConnection } from './commands/connection.js'
import { addLedger, addMigrate } from './commands/database.js'
import { addDoctor } from './commands/doctor.js'
import { addHeld } from './commands/held.js'
import { addGateway, addWorker } from './commands/processes.js'
import { addRelease } from './commands/release.js'
import { addMailingList, addPreSend } from './commands/sendouts.js'
import { addSetup } from './commands/setup.js'
import { addResync, addSweep } from './commands/sweep.js'
import { addWhy } from './commands/why.js'
import { AppError } from '../contracts/app-error.js'
import { EXIT } from '../contracts/error-catalogue.js'
import { addLeaf, refuseUnfitOptions } from './leaf-command.js'
import { type Output, createOutput } from './output.js'
import { createRequire } from 'node:module'
import { isHelpOrVersion } from './errors/report-error.js'
import { endAtStopSignal, interruption } from './stop-signal.js'

/** Adds a command that answers on `output`. */
export type AddCommand = (program: Command, output: Output) => void

/**
 * Builds the complete command line. Commands import their code when they run, so that `--help` is fast.
 * @param tryingOut commands that exist only in a checkout (dev/main.ts); elsewhere each reports that it needs one.
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
    // Makes commander throw. It prints only help; `runCli` reports errors.
    .exitOverride()
    // Options belong to the command that they follow: `pre-send` and `pre-send abort` both have --json.
    .enablePositionalOptions()
    .configureHelp({ optionDescription: descriptionOf })
    .configureOutput({
      // `runCli` reports a failure.
      writeOut: (help) => void output.write(help).catch(() => undefined),
      writeErr: (help) => output.note(help),
      outputError: () => undefined,
    })
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
  refuseUnfitOptions(program)
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
  const description = new Help().optionDescription(option)
  return option.mandatory ? `${description} (required)` : description
}

/** The version of this release, from its package. */
function productVersion(): string {
  const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }
  return version
}

/**
 * Runs one command and sets the process's exit code (docs/cli.md). It does not end the process: the command has closed
 * everything it opened, and Node flushes the output.
 * @param args the arguments after `lbsync`.
 * @param tryingOut the commands that exist only in a checkout.
 */
export async function runCli(
  args: readonly string[],
  tryingOut?: readonly AddCommand[],
): Promise<void> {
  const output = createOutput(process.stdout, process.stderr)
  const release = endAtStopSignal(async (error) => {
    const { reportError } = await import('./errors/report-error.js')
    await reportError(error, error, output, args.includes('--json'))
  })
  try {
    await buildProgram(output, tryingOut)
      .parseAsync([...args], { from: 'user' })
      .catch(async (error: unknown) => {
        if (!isHelpOrVersion(error)) {
          throw error
        }
        // Throws if the help could not be written.
        await output.write('')
      })
  } catch (error) {
    // Loaded here, because a successful command does not need it.
    const { reportError, toCliError } = await import('./errors/report-error.js')
    // The options may not be parsed yet, so look for the switch itself.
    const json = args.includes('--json')
    const known = toCliError(error)
    // A stop signal interrupts imports; the resulting error is not a fault.
    const shown = known.code === 'internal' ? (interruption() ?? known) : known
    process.exitCode = await reportError(shown, error, output, json)
  } finally {
    release()
  }
}
