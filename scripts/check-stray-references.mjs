import { dirname, join, relative } from 'node:path'
import { checkoutTexts } from './checkout-texts.mjs'

/** Text that no committed file may contain. It is written so that this file does not contain it either. */
const stray = [
  ['a folder outside the project', new RegExp(String.raw`\.lib` + String.raw`rary\b`)],
  ['an absolute path of one machine', new RegExp(String.raw`(?<![\w.:/-])/wo` + String.raw`rk/\w`)],
  // Prettier turns the closing markers into quotes in Markdown, so this looks for the opening ones.
  ['both sides of a merge conflict', /^<{7} /],
]

/**
 * Relative paths up and into a folder whose name also exists in the project. They are a fault only if they lead
 * outside.
 */
const wayUp = /(?:\.\.\/)+(?=shared)/g

/** Committed files that depend on the machine on which they were written, one sentence each. */
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
