import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { checkoutTexts } from './checkout-texts.mjs'

const link = /\[[^\]]*\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g

/** `name` in [file.ts](path), and several names: the file holds each of them. */
const namesIn =
  /((?:`[A-Za-z_]\w*`(?:, |,? and )?)+)\s(?:in|of)\s\[[^\]]*\]\(([^)\s#]+\.(?:ts|mjs|cjs))\)/g

/** Dead links and paths in the pages, and dead paths in comments of sources, one sentence each. */
export function linkFaults(root) {
  const texts = checkoutTexts(root)
  const folders = new Set(texts.flatMap(({ file }) => file.match(/^[^/]+(?=\/)/) ?? []))
  const ours = [...folders].map((name) => name.replace('.', String.raw`\.`)).join('|')
  // A placeholder or a pattern (`test/<folder>`, `docs/*.md`) does not name a single file.
  const inBackticks = new RegExp(
    String.raw`\`((?:${ours})/[\w./-]*[\w/]|docker-compose\.yml|package\.json|tsconfig\.json)\``,
    'g',
  )
  const inComments = new RegExp(String.raw`(?<![\w./@-])(?:${ours})/[\w./-]*\.\w+\b`, 'g')
  return [
    ...texts
      .filter(({ file }) => file.endsWith('.md'))
      .flatMap(({ file, text }) => pageFaults(root, file, text, inBackticks)),
    ...texts
      .filter(({ file }) => /\.(?:ts|[cm]js|yml|sql)$/.test(file))
      .flatMap(({ file, text }) => commentFaults(root, file, text, inComments)),
  ]
}

function commentFaults(root, file, text, namedPath) {
  return text
    .split('\n')
    .filter((line) => /^\s*(?:\/\*|\*|\/\/|#|--)/.test(line))
    .flatMap((line) => line.match(namedPath) ?? [])
    .filter((path) => !existsSync(join(root, path)))
    .map((path) => `${file}: a comment names ${path}, which does not exist`)
}

function pageFaults(root, file, text, namedPath) {
  // Code blocks contain examples, and brackets that are not links.
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
  for (const [, names, path] of prose.matchAll(namesIn)) {
    const named = join(root, dirname(file), path)
    const holds = existsSync(named) ? readFileSync(named, 'utf8') : ''
    for (const [, name] of names.matchAll(/`(\w+)`/g)) {
      if (!new RegExp(String.raw`\b${name}\b`).test(holds)) {
        faults.push(`${file}: ${path} holds no ${name}`)
      }
    }
  }
  for (const [, path] of prose.matchAll(namedPath)) {
    if (!existsSync(join(root, path))) {
      faults.push(`${file}: \`${path}\` does not exist`)
    }
  }
  return faults
}

/** The anchors that GitHub creates from headings, and those that a page sets. */
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
