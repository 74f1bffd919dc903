import { readFile } from 'node:fs/promises'
import { checkoutRoot } from '../../src/checkout.js'

/** A page's fenced blocks of one language, unchanged and in order. */
export async function blocksOf(page: string, language: string): Promise<string[]> {
  const text = await readFile(`${checkoutRoot}${page}`, 'utf8')
  const fenced = new RegExp(`^ *\`\`\`${language}\\n([^]*?)^ *\`\`\`$`, 'gm')
  return [...text.matchAll(fenced)].map(([, block]) => block!)
}
