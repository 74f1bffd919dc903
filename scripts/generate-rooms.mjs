/**
 * Draws which room imports which, in docs/architecture.md, from the imports of src.
 *
 *   node scripts/generate-rooms.mjs           write
 *   node scripts/generate-rooms.mjs --check   exit 1 when it is out of date
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeOrCheckPart } from './generated-doc.mjs'

const src = fileURLToPath(new URL('../src', import.meta.url))
const IMPORT = /^(?:import|export)\s[^'"]*?from '(\.[^']+)'/gm

/** The room of a file: a folder of src; in sync its subfolders, which contain the decisions. */
function roomOf(file) {
  const [room, inner, deeper] = path.relative(src, file).split(path.sep)
  return room === 'sync' && deeper !== undefined ? `sync/${inner}` : room
}

const edges = new Map()
for (const name of readdirSync(src, { recursive: true }).filter((each) => each.endsWith('.ts'))) {
  const file = path.join(src, name)
  const from = roomOf(file)
  for (const [, target] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
    const to = roomOf(path.resolve(path.dirname(file), target))
    // A file beside the rooms has no room.
    if (to !== from && ![from, to].some((room) => /\.[jt]s$/.test(room))) {
      edges.set(from, (edges.get(from) ?? new Set()).add(to))
    }
  }
}

/** Whether the remaining arrows connect one room with another. */
function leads(from, to, seen = new Set()) {
  seen.add(from)
  return [...(edges.get(from) ?? [])].some(
    (next) => next === to || (!seen.has(next) && leads(next, to, seen)),
  )
}

// Removes each arrow that is not needed: rooms that were connected stay connected by others.
const all = [...edges].flatMap(([from, targets]) => [...targets].map((to) => [from, to])).sort()
for (const [from, to] of all) {
  edges.get(from).delete(to)
  if (!leads(from, to)) {
    edges.get(from).add(to)
  }
}

const node = (room) => (room.includes('/') ? `${room.replace('/', '_')}[${room}]` : room)
const drawn = all
  .filter(([from, to]) => edges.get(from).has(to))
  .map(([from, to]) => `  ${node(from)} --> ${node(to)}`)
await writeOrCheckPart(
  'architecture.md',
  'the imports of src',
  ['```mermaid', 'flowchart TB', ...drawn, '```'].join('\n'),
  'scripts/generate-rooms.mjs',
)
