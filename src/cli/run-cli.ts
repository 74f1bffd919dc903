import { isHelpOrVersion } from './errors/from-commander.js'
import { createOutput } from './output.js'
import { buildProgram, type AddCommand } from './program.js'
import { interruption } from './stop-signal.js'

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
