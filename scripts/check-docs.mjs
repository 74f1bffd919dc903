/** Checks documents and the lock file against the checkout. Prints one fault per line; exits with 1 if there is any. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lockfileFaults } from './check-lockfile.mjs'
import { linkFaults } from './check-links.mjs'
import { logLineFaults } from './check-log-lines.mjs'
import { shownCommandFaults } from './check-shown-commands.mjs'
import { ruleFaults } from './check-rules.mjs'
import { tripFaults } from './check-trips.mjs'
import { strayReferenceFaults } from './check-stray-references.mjs'
import { wordFaults } from './check-words.mjs'
import { checkoutTexts } from './checkout-texts.mjs'
import { SPLIT } from './rooms.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const faults = [
  ...linkFaults(root),
  ...dependencyFaults(root),
  ...strayReferenceFaults(root),
  ...lockfileFaults(root),
  ...roomFaults(root),
  ...roomFileFaults(root),
  ...ruleFaults(root),
  ...logLineFaults(root),
  ...tripFaults(root),
  ...shownCommandFaults(root),
  ...threatModelFaults(root),
  ...wordFaults(root),
]
for (const fault of faults) {
  process.stdout.write(`${fault}\n`)
}
process.stdout.write(`Docs: ${faults.length === 0 ? 'no faults' : `${faults.length} faults`}\n`)
process.exitCode = faults.length === 0 ? 0 : 1

/** Differences between docs/dependencies.md and package.json, one sentence each. */
function dependencyFaults(root) {
  const path = join(root, 'docs/dependencies.md')
  if (!existsSync(path)) {
    return ['docs/dependencies.md does not exist']
  }
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const wanted = new Set(
    ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides'].flatMap((kind) =>
      Object.keys(manifest[kind] ?? {}),
    ),
  )
  // One dependency per table row: | `name` | reason |
  const rows = [...readFileSync(path, 'utf8').matchAll(/^\|\s*`([^`]+)`\s*\|\s*(.*?)\s*\|/gm)]
  const named = rows.map(([, name]) => name)
  return [
    ...[...wanted].filter((name) => !named.includes(name)).map((name) => `${name} is not named`),
    ...named.filter((name) => !wanted.has(name)).map((name) => `${name} is not in package.json`),
    ...named.filter((name, i) => named.indexOf(name) !== i).map((name) => `${name} is named twice`),
    ...rows.filter(([, , reason]) => reason === '').map(([, name]) => `${name} has no reason`),
  ].map((fault) => `docs/dependencies.md: ${fault}`)
}

/** Rooms without a page. What the page says of the room's imports is generated. @returns one line each. */
function roomFaults(root) {
  return SPLIT.flatMap((folder) =>
    readdirSync(join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${folder}/${name}/README.md`)
      .filter((page) => !existsSync(join(root, page)))
      .map((page) => `${page}: the room has no page`),
  )
}

/**
 * Missing files that a room's page names by a path within the room or src. Links are checked elsewhere. @returns one
 * line each.
 */
function roomFileFaults(root) {
  return checkoutTexts(root, { kinds: /\/README\.md$/ })
    .filter(({ file }) => /^(?:src|dev|demo)\//.test(file))
    .flatMap(({ file, text }) =>
      [...text.replace(/\[.*?\]\(.*?\)/g, '').matchAll(/(?<![\w./-])[\w-]+(?:\/[\w-]+)*\.ts\b/g)]
        .map(([name]) => name)
        .filter((name) =>
          [dirname(file), 'src'].every((folder) => !existsSync(join(root, folder, name))),
        )
        .map((name) => `${file}: ${name} is not in the room`),
    )
}

/** Promises of docs/threat-model.md without a link to a test, one sentence each. Links are checked elsewhere. */
function threatModelFaults(root) {
  const path = join(root, 'docs/threat-model.md')
  if (!existsSync(path)) {
    return ['docs/threat-model.md does not exist']
  }
  const rows = [...readFileSync(path, 'utf8').matchAll(/^\|\s*(.*?)\s*\|\s*(.*?)\s*\|$/gm)]
  return rows
    .filter(([, promise]) => promise !== 'promise' && !/^-+$/.test(promise))
    .filter(([, , proof]) => !/\]\(\.\.\/test\/[\w./-]+\.test\.ts\)/.test(proof))
    .map(([, promise]) => `docs/threat-model.md: "${promise}" is linked to no test`)
}
