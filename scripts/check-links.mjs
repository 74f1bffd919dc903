import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { checkoutTexts } from './checkout-texts.mjs'

/** Our paths in backticks: a known folder, then no placeholder and no pattern. */
const namedPath =
  /`((?:docs|src|test|scripts|simulators|bench|bin|\.ci)\/[\w./-]*[\w/]|docker-compose\.yml|package\.json|tsconfig\.json)`/g
const link = /\[[^\]]*\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g

/** Dead links and paths in README.md and the documents, one sentence each. */
export function linkFaults(root) {
  return checkoutTexts(root, { kinds: /\.md$/ }).flatMap(({ file, text }) =>
    faultsOf(root, file, text),
  )
}

function faultsOf(root, file, text) {
  // Code blocks hold examples, and brackets that are no links.
  const prose = text.replace(/^```[^]*?^```/gm, '')
  const faults = []
  for (const [, target] of prose.matchAll(link)) {
    if (/^[a-z]+:/.test(target)) {
      continue
    }
    const [path, fragment] = target.split('#')
    const targetFile = path === '' ? file : join(dirname(file), path)
    if (!existsSync(join(root, targetFile))) {
      faults.push(`${file}: link ${target} leads nowhere`)
    } else if (fragment && targetFile.endsWith('.md') && !anchors(root, targetFile).has(fragment)) {
      faults.push(`${file}: link ${target} names no heading there`)
    }
  }
  for (const [, path] of prose.matchAll(namedPath)) {
    if (!existsSync(join(root, path))) {
      faults.push(`${file}: \`${path}\` does not exist`)
    }
  }
  return faults
}

/** Anchors that GitHub makes from headings, and those that a page sets. */
function anchors(root, file) {
  const text = readFileSync(join(root, file), 'utf8').replace(/^```[^]*?^```/gm, '')
  const slugs = [...text.matchAll(/^#+\s+(.+)$/gm)].map(([, heading]) =>
    heading
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  )
  const own = [...text.matchAll(/<a id="([^"]+)"><\/a>/g)].map(([, id]) => id)
  return new Set([
    ...own,
    ...slugs.map((slug, index) => {
      const before = slugs.slice(0, index).filter((other) => other === slug).length
      return before === 0 ? slug : `${slug}-${before}`
    }),
  ])
}
