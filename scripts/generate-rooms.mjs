/**
 * Draws which room imports which, in docs/architecture.md, and lists in each room's page what it imports, from the
 * imports of src. Exits with 1 if rooms import each other in a circle.
 *
 *   node scripts/generate-rooms.mjs           write
 *   node scripts/generate-rooms.mjs --check   exit 1 when a page is out of date
 */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeOrCheckPart } from './generated-doc.mjs'
import { cycleIn, importsOf, roomOf, SPLIT } from './rooms.mjs'

const SCRIPT = 'scripts/generate-rooms.mjs'
const root = fileURLToPath(new URL('..', import.meta.url))

/** The rooms of the picture: the folders of src; in sync its subfolders, which contain the decisions. */
const DRAWN = ['src', 'src/sync']

const imports = readdirSync(path.join(root, 'src'), { recursive: true })
  .filter((name) => name.endsWith('.ts'))
  .flatMap((name) => {
    const file = `src/${name.split(path.sep).join('/')}`
    return importsOf(file, readFileSync(path.join(root, file), 'utf8')).map(({ to, isType }) => ({
      file,
      to,
      isType,
    }))
  })

/** Which room imports which. @param nameOf the room of a file; undefined: it has none, and counts nowhere. */
function edgesBy(nameOf) {
  const edges = new Map()
  for (const { file, to } of imports) {
    const [from, target] = [nameOf(file), nameOf(to)]
    if (from && target && from !== target) {
      edges.set(from, (edges.get(from) ?? new Set()).add(target))
    }
  }
  return edges
}

const plain = (room) => room?.replace('src/', '')
/** The deepest room of a file. A file beside the rooms of its folder has none: it may name them, and they may read it. */
const innermost = (file) => (SPLIT.includes(roomOf(file)) ? undefined : roomOf(file))
for (const nameOf of [(file) => roomOf(file, ['src']), innermost]) {
  const cycle = cycleIn(edgesBy(nameOf))
  if (cycle) {
    process.stderr.write(`rooms import each other in a circle: ${cycle.map(plain).join(' → ')}\n`)
    process.exitCode = 1
  }
}

await drawPicture(edgesBy((file) => plain(roomOf(file, DRAWN))))
for (const room of SPLIT.flatMap(roomsIn)) {
  await writeOrCheckPart(`../${room}/README.md`, 'its imports', importsLine(room), SCRIPT)
}

function roomsIn(folder) {
  return readdirSync(path.join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `${folder}/${name}`)
}

/** What a room imports: rooms of the picture; in the folder around the room, its other rooms and the files beside them. */
function importsLine(room) {
  const around = path.posix.dirname(room)
  const isIn = (file, folder) => file.startsWith(`${folder}/`)
  const loaded = new Set()
  const all = new Set()
  for (const { file, to, isType } of imports) {
    if (isIn(file, room) && isIn(to, 'src') && !isIn(to, room)) {
      const split = around !== 'src' && isIn(to, around) ? SPLIT : DRAWN
      const name = plain(roomOf(to, split) ?? to)
      all.add(name)
      if (!isType) {
        loaded.add(name)
      }
    }
  }
  const list = (names) =>
    names
      .sort()
      .map((name) => `\`${name}\``)
      .join(', ')
  const types = [...all].filter((name) => !loaded.has(name))
  const parts = [
    ...(loaded.size === 0 ? [] : [list([...loaded])]),
    ...(types.length === 0 ? [] : [`types only: ${list(types)}`]),
  ]
  return `Imports: ${parts.join('; ') || 'nothing of another room'}.`
}

async function drawPicture(edges) {
  /** Whether the remaining arrows connect one room with another. */
  const leads = (from, to, seen = new Set()) => {
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
    SCRIPT,
  )
}
