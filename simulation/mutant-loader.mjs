import { readFile } from 'node:fs/promises'
import { transform } from 'esbuild'

/** The mutant of this process, and the address of its file. */
let mutant

/** @param {{ url: string, from: string, to: string }} given */
export function initialize(given) {
  mutant = given
}

/** Loads the mutant's file with the fault in it, and all others as they are. */
export async function load(url, context, next) {
  if (url.split('?')[0] !== mutant.url) {
    return next(url, context)
  }
  const text = await readFile(new URL(mutant.url), 'utf8')
  if (text.split(mutant.from).length !== 2) {
    throw new Error(`a mutant's text does not stand once in ${mutant.url}`)
  }
  const changed = text.replace(mutant.from, () => mutant.to)
  const { code } = await transform(changed, { loader: 'ts', format: 'esm', target: 'node20' })
  return { format: 'module', source: code, shortCircuit: true }
}
