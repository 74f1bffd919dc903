import type { Command } from 'commander'
import { EXIT, type ExitCode } from '../contracts/error-catalogue.js'
import type { Evidence } from '../app/require-evidence.js'

/** Meaning of each exit code, in the words of `--help` and docs/cli.md. */
const EXIT_MEANINGS: Readonly<Record<ExitCode, string>> = {
  [EXIT.done]: 'done',
  [EXIT.failed]: 'failed',
  [EXIT.badInput]: 'bad input',
  [EXIT.notFound]: 'not found',
  [EXIT.refusedByRule]: 'refused by a rule',
  [EXIT.unreachable]: 'something outside is unreachable',
  [EXIT.incomplete]: 'pre-send incomplete or aborted',
  [EXIT.interrupted]: 'interrupted',
}

/** What `--help` says of a command. */
export interface LeafDescription {
  /** Name and arguments: `show <id>`. */
  readonly usage: string
  readonly summary: string
  /** Exit codes besides 0, 1 and 2, which every command may end with. */
  readonly exitCodes?: readonly ExitCode[]
  /** Lines below the options. */
  readonly notes?: string
}

/** What every command takes. */
export interface JsonOption {
  readonly json?: boolean
}

/** What a command of {@link addEvidenceLeaf} takes. */
export interface EvidenceOption extends JsonOption, Evidence {}

const exitCodes = new WeakMap<Command, readonly ExitCode[]>()

/** A command that does something: with `--json`, its exit codes in `--help`, and who and why judged before it begins. */
export function addLeaf(parent: Command, description: LeafDescription): Command {
  const { usage, summary, notes } = description
  const codes = [EXIT.done, EXIT.failed, EXIT.badInput, ...(description.exitCodes ?? [])]
  const command = parent
    .command(usage)
    .description(summary)
    .allowExcessArguments(false)
    .option('--json', 'answer with one JSON document on stdout')
    .hook('preAction', async (_, leaf) => {
      const { requireEvidence } = await import('../app/require-evidence.js')
      requireEvidence(leaf.opts())
    })
  exitCodes.set(command, codes)
  const meanings = codes.map((code) => `  ${code}  ${EXIT_MEANINGS[code]}`)
  const blocks = [...(notes === undefined ? [] : [notes]), `Exit codes:\n${meanings.join('\n')}`]
  return command.addHelpText('after', `\n${blocks.join('\n\n')}`)
}

/** The same of a command that asks why, and who; both are kept as evidence. */
export function addEvidenceLeaf(parent: Command, description: LeafDescription): Command {
  return addLeaf(parent, description)
    .requiredOption('--reason <text>', 'why; kept as evidence')
    .requiredOption('--by <name>', 'who; kept as evidence')
}

/** A command that only holds others. Named alone, it lists them. */
export function addGroup(parent: Command, name: string, summary: string): Command {
  return parent.command(name).description(summary)
}

/** Exit codes of a command made by {@link addLeaf}; undefined for any other. */
export function exitCodesOf(command: Command): readonly ExitCode[] | undefined {
  return exitCodes.get(command)
}
