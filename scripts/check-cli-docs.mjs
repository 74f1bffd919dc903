/**
 * Checks docs/cli.md against the command line: every command with its options, exit codes and an example document.
 * Prints one fault a line; exits 1 if there is any.
 *
 *   node --import tsx scripts/check-cli-docs.mjs
 */
import { readFile } from 'node:fs/promises'
import { exitCodesOf } from '../src/cli/leaf-command.ts'
import { createOutput } from '../src/cli/output.ts'
import { buildProgram } from '../src/cli/program.ts'
import { addDemo } from '../demo/demo-command.ts'
import { addDev } from '../dev/dev-command.ts'
import { cliDocFaults, documentedCommands } from './cli-docs.ts'

const text = await readFile(new URL('../docs/cli.md', import.meta.url), 'utf8')
const program = buildProgram(createOutput(process.stdout, process.stderr), [addDev, addDemo])
const faults = cliDocFaults(text, documentedCommands(program, exitCodesOf))
for (const fault of faults) {
  process.stdout.write(`${fault}\n`)
}
process.exitCode = faults.length === 0 ? 0 : 1
