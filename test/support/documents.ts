import { readFile } from 'node:fs/promises'
import { checkoutRoot } from '../../src/checkout.js'

/**
 * The text of a page's blocks with this fence (` ```sh `), in order. A test that calls it runs them all:
 * `scripts/check-shown-commands.mjs` finds the call by its text.
 */
export async function blocksOf(page: string, fence: string): Promise<string[]> {
  const text = await readFile(`${checkoutRoot}${page}`, 'utf8')
  const fenced = new RegExp(`^ *\`\`\`${fence}\\n([^]*?)^ *\`\`\`$`, 'gm')
  return [...text.matchAll(fenced)].map(([, block]) => block!)
}

/** The one block of them that contains this text; as {@link blocksOf}. */
export async function blockOf(page: string, fence: string, part: string): Promise<string> {
  const found = (await blocksOf(page, fence)).filter((block) => block.includes(part))
  if (found.length !== 1) {
    throw new Error(`${page}: ${found.length} blocks contain ${part}`)
  }
  return found[0]!
}

/** The commands of a block of the shell, without comments, continued lines joined. */
export function commandsOf(block: string): string[] {
  return block
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.replace(/(?:^|\s+)#.*$/, '').trim())
    .filter((line) => line !== '')
}
