import type { Command } from 'commander'
import { AppError } from '../contracts/app-error.js'
import { describeShape } from '../contracts/problems.js'
import { EXIT, type ExitCode } from '../contracts/error-catalogue.js'
import type { Evidence } from '../app/require-evidence.js'

/** The meaning of each exit code, in the words of `--help` and docs/cli.md. */
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

/** The help of a command. */
export interface LeafDescription {
  /** Name and arguments: `show <id>`. */
  readonly usage: string
  readonly summary: string
  /** Exit codes besides 0, 1 and 2, which every command may return. */
  readonly exitCodes?: readonly ExitCode[]
  /** Lines below the options. */
  readonly notes?: string
}

/** The option of every command. */
export interface JsonOption {
  readonly json?: boolean
}

/** The options of a command made by {@link addEvidenceLeaf}. */
export interface EvidenceOption extends JsonOption, Evidence {}

const exitCodes = new WeakMap<Command, readonly ExitCode[]>()

/** Adds a command with `--json` and its exit codes in `--help`. Who and why are checked before it begins. */
export function addLeaf(parent: Command, description: LeafDescription): Command {
  const { usage, summary, notes } = description
  const codes = [EXIT.done, EXIT.failed, EXIT.badInput, ...(description.exitCodes ?? [])]
  const command = parent
    .command(usage)
    .description(summary)
    .allowExcessArguments(false)
    .option('--json', 'answer with one JSON document on stdout')
    .hook('preAction', async (_, leaf) => {
      leaf.registeredArguments.forEach((argument, at) =>
        refuseUnfit(
          `<${argument.name()}>`,
          leaf.args[at],
          argument.name() === 'file' ? MAX_PATH : MAX_ID,
        ),
      )
      const { requireEvidence } = await import('../app/require-evidence.js')
      requireEvidence(leaf.opts())
    })
  exitCodes.set(command, codes)
  const meanings = codes.map((code) => `  ${code}  ${EXIT_MEANINGS[code]}`)
  const blocks = [...(notes === undefined ? [] : [notes]), `Exit codes:\n${meanings.join('\n')}`]
  return command.addHelpText('after', `\n${blocks.join('\n\n')}`)
}

/** Adds a command that requires who and why; both are stored as evidence. */
export function addEvidenceLeaf(parent: Command, description: LeafDescription): Command {
  return addLeaf(parent, description)
    .requiredOption('--reason <text>', 'why; kept as evidence')
    .requiredOption('--by <name>', 'who; kept as evidence')
}

/** Adds a command that only groups others. Run alone, it lists them. */
export function addGroup(parent: Command, name: string, summary: string): Command {
  return parent.command(name).description(summary)
}

/** The exit codes of a command made by {@link addLeaf}; undefined for any other. */
export function exitCodesOf(command: Command): readonly ExitCode[] | undefined {
  return exitCodes.get(command)
}

/** As long as a sendout's id may be, the longest one. An unknown id is shown in the error. */
const MAX_ID = 200
/** As long as the longest text of an address field that the product reads. */
const MAX_OPTION = 2_000
/** Linux's PATH_MAX. */
const MAX_PATH = 4_096

/** @param value undefined: commander has refused its absence, or the argument may be left out. */
function refuseUnfit(name: string, value: string | undefined, most: number): void {
  if (value?.trim() === '') {
    throw new AppError('value_missing', `${name} is empty.`, { path: name })
  }
  if (value !== undefined && value.length > most) {
    throw new AppError('value_invalid', `${name} is too long: at most ${most} characters.`, {
      path: name,
      value: describeShape(value),
    })
  }
}

/**
 * Lets this command and all below it refuse an option with an empty or far too long value, and one that is given twice:
 * commander would take the last value silently. An option may be repeated if its parser takes a second parameter, what was given before.
 */
export function refuseUnfitOptions(command: Command): void {
  for (const option of command.options.filter(({ required }) => required)) {
    const name = `--${option.name()}`
    let given = false
    command.on(`option:${option.name()}`, (value: string) => {
      refuseUnfit(name, value, MAX_OPTION)
      if (given && (option.parseArg?.length ?? 0) < 2) {
        throw new AppError('value_invalid', `${name} is given twice, and takes one value.`, {
          path: name,
        })
      }
      given = true
    })
  }
  command.commands.forEach(refuseUnfitOptions)
}
