import { parseArgs, type ParseArgsConfig } from 'node:util'

/**
 * The options of a program of this checkout. `--help` prints how it is used, and an option that is not there, or lacks
 * its value, one line: both end the program, the second with 2, as the command line does.
 */
export function programOptions<const Config extends ParseArgsConfig>(
  usage: string,
  config: Config,
): ReturnType<typeof parseArgs<Config>> {
  const args = process.argv.slice(2)
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`${usage}\n`)
    process.exit(0)
  }
  try {
    return parseArgs(config)
  } catch (error) {
    return refuseOption((error as Error).message, usage)
  }
}

/** A count that an option gives. Ends the program with one line if it is none. */
export function countOf(option: string, text: string): number {
  return /^[1-9]\d{0,14}$/.test(text)
    ? Number(text)
    : refuseOption(`${option} is a whole number from 1, not ${JSON.stringify(text)}.`)
}

/** Ends the program with 2, and this. */
export function refuseOption(why: string, usage?: string): never {
  process.stderr.write(`${[why, usage].filter(Boolean).join('\n')}\n`)
  process.exit(2)
}
