import type { Command } from 'commander'

/** A command in the form in which its `--help` describes it. */
export interface DocumentedCommand {
  /** In the form of the heading: `connection apply <file>`. */
  readonly usage: string
  /** Long flags, without the common `--json` and `--help`. */
  readonly flags: readonly string[]
  readonly exitCodes: readonly number[]
}

/** Every command with exit codes, in the order of `--help`. */
export function documentedCommands(
  program: Command,
  exitCodesOf: (command: Command) => readonly number[] | undefined,
): readonly DocumentedCommand[] {
  const walk = (command: Command, path: readonly string[]): DocumentedCommand[] => {
    const codes = exitCodesOf(command)
    const args = command.registeredArguments.map((argument) => `<${argument.name()}>`)
    const own =
      codes === undefined
        ? []
        : [
            {
              usage: [...path, ...args].join(' '),
              flags: command.options
                .map((option) => option.long ?? '')
                .filter((flag) => flag !== '--json'),
              exitCodes: codes,
            },
          ]
    return [...own, ...command.commands.flatMap((child) => walk(child, [...path, child.name()]))]
  }
  return program.commands.flatMap((command) => walk(command, [command.name()]))
}

/** The section of docs/cli.md on a command; null if there is none. */
function sectionOf(text: string, usage: string): string | null {
  const [, ...parts] = text.split(/^### `lbsync /m)
  const part = parts.find((candidate) => candidate.startsWith(`${usage}\`\n`))
  return part?.replace(/\n#{2} [\s\S]*$/, '\n') ?? null
}

/** The example document of a command. @throws Error if the section has none, or it is not JSON. */
export function exampleOf(text: string, usage: string): unknown {
  const example = /```json\n([\s\S]*?)```/.exec(sectionOf(text, usage) ?? '')?.[1]
  if (example === undefined) {
    throw new Error(`docs/cli.md has no example for lbsync ${usage}`)
  }
  return JSON.parse(example)
}

/** Differences between docs/cli.md and the commands, one line each. */
export function cliDocFaults(
  text: string,
  commands: readonly DocumentedCommand[],
): readonly string[] {
  const known = new Set(commands.map(({ usage }) => usage))
  const headings = [...text.matchAll(/^### `lbsync (.*)`$/gm)].map((match) => match[1] ?? '')
  return [
    ...headings
      .filter((usage) => !known.has(usage))
      .map((usage) => `docs/cli.md tells of lbsync ${usage}, which is not there`),
    ...commands.flatMap((command) => commandFaults(text, command)),
  ]
}

function commandFaults(text: string, { usage, flags, exitCodes }: DocumentedCommand): string[] {
  const section = sectionOf(text, usage)
  if (section === null) {
    return [`docs/cli.md has no section for lbsync ${usage}`]
  }
  const documented = [...section.matchAll(/^\| `(--[a-z-]+)/gm)].map((match) => match[1] ?? '')
  const codes = /^Exit codes: ([\d, ]+)\.$/m.exec(section)?.[1]
  const faults = [
    ...flags
      .filter((flag) => !documented.includes(flag))
      .map((flag) => `${flag} is not documented`),
    ...documented.filter((flag) => !flags.includes(flag)).map((flag) => `${flag} is not there`),
    ...(codes === exitCodes.join(', ')
      ? []
      : [`exit codes are ${exitCodes.join(', ')}, documented are ${codes ?? 'none'}`]),
  ]
  try {
    exampleOf(text, usage)
  } catch (error) {
    faults.push(`the example: ${(error as Error).message}`)
  }
  return faults.map((fault) => `docs/cli.md, lbsync ${usage}: ${fault}`)
}
