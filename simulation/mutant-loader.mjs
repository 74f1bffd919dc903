import { readFile } from 'node:fs/promises'
import { transform } from 'esbuild'

/** The edits of this process's mutant, each with the address of its file. */
let edits

/** @param {readonly { url: string, from: string, to: string }[]} given */
export function initialize(given) {
  edits = given
}

/** Loads the mutant's files with the fault in them, and all others as they are. */
export async function load(url, context, next) {
  const own = edits.filter((edit) => url.split('?')[0] === edit.url)
  if (own.length === 0) {
    return next(url, context)
  }
  let text = await readFile(new URL(own[0].url), 'utf8')
  for (const { from, to } of own) {
    if (text.split(from).length !== 2) {
      throw new Error(`a mutant's text does not stand once in ${url}`)
    }
    text = text.replace(from, () => to)
  }
  const { code } = await transform(text, { loader: 'ts', format: 'esm', target: 'node20' })
  return { format: 'module', source: code, shortCircuit: true }
}
