import { dirname, join, relative } from 'node:path'
import { checkoutTexts } from './checkout-texts.mjs'

/** What no committed file may mention; written so that this file does not mention it either. */
const stray = [
  ['a folder outside the project', new RegExp(String.raw`\.lib` + String.raw`rary\b`)],
  ['an absolute path of one machine', new RegExp(String.raw`(?<![\w.:/-])/wo` + String.raw`rk/\w`)],
]

/** Relative paths up and into a folder with a namesake in the project: a fault only if they lead outside. */
const wayUp = /(?:\.\.\/)+(?=shared)/g

/** Committed files that depend on the machine they were written on, one sentence each. */
export function strayReferenceFaults(root) {
  const faults = []
  for (const { file, text } of checkoutTexts(root)) {
    const lines = text.split('\n')
    lines.forEach((line, index) => {
      for (const [way] of line.matchAll(wayUp)) {
        if (relative(root, join(root, dirname(file), way)).startsWith('..')) {
          faults.push(`${file}:${index + 1}: mentions a path above the checkout`)
        }
      }
      for (const [what, pattern] of stray) {
        if (pattern.test(line)) {
          faults.push(`${file}:${index + 1}: mentions ${what}`)
        }
      }
    })
  }
  return faults
}
