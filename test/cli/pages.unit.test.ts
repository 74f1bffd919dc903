import { readdir, readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { describe, expect, it } from '@jest/globals'
import { addDemo } from '../../demo/demo-command.js'
import { addDev } from '../../dev/dev-command.js'
import { createOutput } from '../../src/cli/output.js'
import { buildProgram } from '../../src/cli/program.js'
import { checkoutRoot } from '../../src/checkout.js'

const program = buildProgram(createOutput(process.stdout, process.stderr), [addDev, addDemo])
const pages = ['README.md', ...(await readdir(`${checkoutRoot}docs`)).map((name) => `docs/${name}`)]

/**
 * The commands on a page: code in sentences, and lines of blocks, with continued lines joined and without the shell's
 * own syntax.
 */
function commandsOn(text: string): string[] {
  const joined = text.replaceAll(/ *\\\n */g, ' ')
  // A block's fences would pair with the marks of code in sentences.
  const sentences = joined.replaceAll(/^ *```.*\n[^]*?^ *```$/gm, '')
  const spans = [...sentences.matchAll(/`([^`]+)`/g)].map(([, code]) =>
    code!.replaceAll(/\s+/g, ' '),
  )
  const lines = joined.split('\n').map((line) => line.trim().replace(/\s+# .*$/, ''))
  return [...spans, ...lines]
    .map((text) => /^(?:[A-Z_]+=\S+ )*(?:npx )?lbsync ([^|&>;]*)/.exec(text)?.[1])
    .filter((command) => command !== undefined)
}

/** The first part that the command line does not know; null if it knows all. */
function strangerIn(command: string): string | null {
  const words = [...command.matchAll(/(?:'[^']*'|"[^"]*"|\S)+/g)].map(([word]) => word)
  let at: Command = program
  for (const word of words) {
    const [flag] = word.split('=')
    if (flag!.startsWith('-')) {
      const known = [...at.options, ...program.options, ...at.createHelp().visibleOptions(at)]
      if (!known.some(({ long, short }) => flag === long || flag === short)) {
        return word
      }
    } else if (at.commands.length > 0 && /^[a-z]/.test(word)) {
      const next = at.commands.find((child) => child.name() === word)
      if (next === undefined && at.registeredArguments.length === 0) {
        return word
      }
      at = next ?? at
    }
  }
  return null
}

describe('a command on a page', () => {
  const found = Promise.all(
    pages
      .filter((page) => page.endsWith('.md') && page !== 'docs/changelog.md')
      .map(async (page) => ({
        page,
        commands: commandsOn(await readFile(`${checkoutRoot}${page}`, 'utf8')),
      })),
  )

  it('is found, and misspelt ones would be', async () => {
    const all = (await found).flatMap(({ commands }) => commands)
    expect(all.length).toBeGreaterThan(120)
    expect(strangerIn('connection erase acme')).toBe('erase')
    expect(strangerIn('sweep now acme --colour')).toBe('--colour')
  })

  it('is one that the command line knows, with all that is written behind it', async () => {
    const strangers = (await found).flatMap(({ page, commands }) =>
      commands.flatMap((command) => {
        const stranger = strangerIn(command)
        return stranger === null ? [] : [`${page}: lbsync ${command} (${stranger})`]
      }),
    )
    expect(strangers).toEqual([])
  })
})
