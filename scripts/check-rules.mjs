import { checkoutTexts } from './checkout-texts.mjs'

/**
 * Rule ids: those of docs/rules.md, of the tables in docs/reconciliation.md, and of the calls in
 * docs/wire-emarketeer.md.
 */
const ID = String.raw`(?<![\w@/.:-])(?:EM-B\d{1,2}b?|[B-IRT]\d{1,2})(?![\w@-])`

/** A page defines an id by an anchor in a table or in a heading. */
const anchored = new RegExp(String.raw`<a id="[^"]+"></a>(${ID})`, 'g')
const headed = /^#+ (EM-B\d.*)$/gm

/**
 * Rule ids with two definitions, and ids cited by a page, a comment or a test's title without a definition.
 * @param {readonly { file: string, text: string }[]} files pages (`.md`) and sources (`.ts`).
 * @returns {string[]} one sentence each.
 */
export function ruleFaultsOf(files) {
  const defined = new Map()
  const faults = []
  for (const { file, text } of files.filter((each) => each.file.startsWith('docs/'))) {
    for (const id of definitions(text)) {
      const first = defined.get(id)
      if (first !== undefined) {
        faults.push(`${file}: rule ${id} is defined in ${first} already`)
      }
      defined.set(id, first ?? file)
    }
  }
  for (const { file, text } of files) {
    text.split('\n').forEach((line, index) => {
      for (const [id] of citing(file, line).matchAll(new RegExp(ID, 'g'))) {
        if (!defined.has(id)) {
          faults.push(`${file}:${index + 1}: there is no rule ${id}`)
        }
      }
    })
  }
  return faults
}

export function ruleFaults(root) {
  const under = ['docs', 'src', 'test', 'simulators', 'demo', 'dev', 'README.md']
  return ruleFaultsOf(checkoutTexts(root, { under, kinds: /\.(md|ts)$/ }))
}

function definitions(text) {
  return [
    ...[...text.matchAll(anchored)].map(([, id]) => id),
    ...[...text.matchAll(headed)].flatMap(
      ([, heading]) => heading.match(new RegExp(ID, 'g')) ?? [],
    ),
  ]
}

/**
 * The part of a line that may cite an id: in a page everything except code in backticks; in a source a comment, and the
 * parentheses of a test's title.
 */
function citing(file, line) {
  if (file.endsWith('.md')) {
    return line.replace(/`[^`]*`/g, '')
  }
  const comment = /^\s*(?:\/\*\*|\*|\/\/)/.test(line) ? line : (line.split(' // ')[1] ?? '')
  const titles = [
    ...line.matchAll(new RegExp(String.raw`\(((?:A, )?${ID}(?:(?:, | and )${ID})*)\)`, 'g')),
  ]
  return comment === line ? line : [comment, ...titles.map(([, ids]) => ids)].join(' ')
}
