import { readFileSync } from 'node:fs'
import path from 'node:path'
import { checkoutTexts } from './checkout-texts.mjs'

/** The glossary's retired words, in the forms in which they could return. Columns and SQL keep their names. */
const RETIRED = [
  { pattern: /\b(?!dirty_(?:tick|since)\b|dirtyTick\b)\w*dirty\w*/gi, say: 'due' },
  { pattern: /\b(?:open|close|pass|timed|refused|both|crm)\w*Gates?\b/g, say: 'circuit breaker' },
  { pattern: /\bTIERS?_\w*|: Tier\b|\btiers\b/g, say: 'trigger' },
  {
    pattern: /\b[A-Z]\w*(?:Error|Due|Secret|Form|Cron)Place\b/g,
    say: 'location, cursor, scope, placement',
  },
  {
    pattern: /\bstanding\b(?=":)|\b(?!r?Under)\w*Standing\b/g,
    say: 'nothing yet: it is kept free',
  },
  { pattern: /\b\w*(?:guest|Guest|GUEST)\w*/g, say: 'secondary holder' },
  {
    pattern:
      /\b(?:take|keep)(?:CrmContacts|CrmSubscriptions|States|EmarketeerValues|Rows|WebhookSecret)\b/g,
    say: 'upsert, create, save',
  },
  { pattern: /\bCrmSession\b/g, say: 'CrmClient' },
  {
    pattern: /\b(?!(?:crm|address)_untold\b)\w*untold\w*/gi,
    say: 'unknown, hidden, unattributed',
  },
  {
    pattern: /\b(?!tellNotices\b)tell[A-Z]\w*|\b[a-z]\w*Told\b|\bcanTell\w*/g,
    say: 'report, note, know (the activity tellNotices keeps its name)',
  },
  { pattern: /\b[a-z]\w*Anew\b/g, say: 'again, new' },
  { pattern: /\bsendabilit\w*/gi, say: 'nothing yet: it is kept free' },
]
/** Pages that list the words themselves, and pages of history. */
const EXEMPT =
  /^(docs\/(glossary|changelog)\.md|docs\/decisions\/|scripts\/check-words\.mjs|test\/replay\/histories\/|src\/ledger\/db\/migrations\/)/
const TEXTS = /\.(ts|mjs|md)$/

/**
 * Retired words in src, test and docs, and words of the glossary whose code no longer exists. @returns one line each.
 */
export function wordFaults(root) {
  const under = ['src', 'test', 'docs', 'bench', 'simulators']
  const texts = checkoutTexts(root, { under, kinds: TEXTS }).filter(
    ({ file }) => !EXEMPT.test(file),
  )
  const retired = texts.flatMap(({ file, text }) =>
    text
      .split('\n')
      .flatMap((line, at) =>
        RETIRED.flatMap(({ pattern, say }) =>
          [...line.matchAll(pattern)].map(
            ([word]) => `${file}:${at + 1}: ${word} is retired; say: ${say}`,
          ),
        ),
      ),
  )
  const source = texts
    .filter(({ file }) => file.startsWith('src/'))
    .map(({ text }) => text)
    .join('\n')
  const known = new Set(source.match(/\w+/g))
  const bearers = readFileSync(path.join(root, 'docs/glossary.md'), 'utf8')
    .split('## Other names')[0]
    .matchAll(/`(\w+)(?:\.\w+)?`/g)
  const gone = [...bearers].filter(([, name]) => !known.has(name))
  return [...retired, ...gone.map(([, name]) => `docs/glossary.md: ${name} is nowhere in src`)]
}
