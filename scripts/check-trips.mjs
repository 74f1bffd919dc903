import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** A trip through this many rooms is too long to remember. */
const TOO_MANY = 9

const PASS = [
  ['src/sync/run/sync-addresses.ts', 'syncAddresses'],
  ['src/sync/pass/batch-pass.ts', 'runPass', 'BatchPass'],
  ['src/sync/pass/perform-writes.ts', 'performWrites', 'writeCrm'],
  // Through the interface of every CRM's client.
  ['src/crm/dynamics/session.ts', '~write'],
]

/**
 * Each trip from its entry point to the write: files, and functions in each. A function names the next one in its body,
 * and its file imports the next file. `~`: reached by Temporal or an interface, so that no import shows it.
 */
export const TRIPS = {
  webhook: [
    ['src/gateway/hooks/routes.ts', 'hookRoutes', 'takeHints'],
    ['src/gateway/inbox-signals.ts', 'notify', 'send', 'signalAgain', 'signal'],
    ['src/workflows/contact-inbox.ts', '~contactInbox', 'handleHints'],
    ['src/activities/sync-activities.ts', '~drainInbox'],
    ['src/sync/run/drain-inbox.ts', 'drainInbox', 'handle'],
    ['src/sync/run/create-missing.ts', 'syncAndCreateMissing'],
    ...PASS,
  ],
  sweep: [
    ['src/workflows/background-sweep.ts', 'backgroundSweep', 'BackgroundSweep'],
    ['src/workflows/sweep.ts', 'sweepRun', 'sweepNow'],
    ['src/workflows/sync-until-quiet.ts', 'syncUntilQuiet'],
    ['src/activities/sync-activities.ts', '~syncDue'],
    ['src/sync/run/sync-due.ts', 'syncDue', 'bisectOnRefusal'],
    ['src/sync/run/create-missing.ts', 'syncAndCreateMissing'],
    ...PASS,
  ],
  'pre-send': [
    ['src/workflows/pre-send/index.ts', 'preSend', 'run', 'checkAndDecide', 'prepare'],
    ['src/workflows/pre-send/prepare-sendout.ts', 'prepareSendout', 'syncShard'],
    ['src/workflows/pre-send/force-sync.ts', 'forceSync', 'syncShard'],
    ['src/activities/pre-send-activities.ts', '~syncMembers'],
    ['src/sync/sendout/sync-members.ts', 'syncMembers'],
    ...PASS,
  ],
  'set-up': [
    ['src/workflows/setup/index.ts', 'connectionSetup', 'run', 'setUp'],
    ['src/workflows/setup/run-step.ts', 'attemptStep', 'runStep'],
    ['src/activities/setup-activities.ts', '~runSetupStep'],
    ['src/activities/setup/run-step.ts', 'runStep'],
    ['src/activities/setup/common-step.ts', 'do'],
    ['src/crm/dynamics/setup/steps/tables.ts', '~do'],
    ['src/crm/dynamics/setup/table/own-table.ts', 'ensureTable'],
    ['src/crm/dynamics/find-or-create.ts', 'findOrCreate'],
  ],
}

/** The rooms of a trip, in order. A room to which it returns appears twice. */
export function roomsOf(trip) {
  const rooms = trip.map(([file]) =>
    file
      .split('/')
      .slice(0, file.startsWith('src/sync/') ? 3 : 2)
      .join('/'),
  )
  return rooms.filter((room, at) => room !== rooms[at - 1])
}

/** Trips with too many rooms, a return to a room, or a way that differs from the list. @returns one line each. */
export function tripFaults(root, trips = TRIPS) {
  return Object.entries(trips).flatMap(([name, trip]) => {
    const rooms = roomsOf(trip)
    const twice = rooms.filter((room, at) => rooms.indexOf(room) < at)
    return [
      ...(rooms.length >= TOO_MANY ? [`the ${name} trip enters ${rooms.length} rooms`] : []),
      ...twice.map((room) => `the ${name} trip enters ${room} again`),
      ...wayFaults(root, trip).map((fault) => `the ${name} trip: ${fault}`),
    ]
  })
}

/** Differences between the code and the listed way. */
function wayFaults(root, trip) {
  const stops = trip.flatMap(([file, ...names]) =>
    names.map((name) => ({ file, name: name.replace('~', ''), isRemote: name.startsWith('~') })),
  )
  return stops.flatMap((stop, at) => {
    const { bodies, imports } = look(root, stop.file)
    const body = bodies.get(stop.name)
    if (body === undefined) {
      return [`${stop.file} has no ${stop.name}`]
    }
    const next = stops[at + 1]
    if (next === undefined) {
      return []
    }
    return [
      ...(body.has(next.name) ? [] : [`${stop.file}: ${stop.name} does not name ${next.name}`]),
      ...(next.isRemote || next.file === stop.file || imports.has(next.file)
        ? []
        : [`${stop.file} does not import ${next.file}`]),
    ]
  })
}

const looked = new Map()

/** A file's functions and classes with the words in their bodies, and its imports. */
function look(root, file) {
  const full = path.join(root, file)
  if (!looked.has(full)) {
    const text = existsSync(full) ? readFileSync(full, 'utf8') : ''
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest)
    const bodies = new Map()
    const imports = new Set()
    const visit = (node) => {
      if (ts.isImportDeclaration(node) && node.moduleSpecifier.text.startsWith('.')) {
        const from = path.posix.dirname(file)
        imports.add(path.posix.join(from, node.moduleSpecifier.text).replace(/\.js$/, '.ts'))
      }
      const body = ts.isClassDeclaration(node) ? node : (node.body ?? node.initializer)
      if (body && node.name && ts.isMemberName(node.name)) {
        const name = wordOf(node.name)
        bodies.set(name, new Set([...(bodies.get(name) ?? []), ...words(body)]))
      }
      ts.forEachChild(node, visit)
    }
    visit(source)
    looked.set(full, { bodies, imports })
  }
  return looked.get(full)
}

/** A name without the mark of a class's own member. */
function wordOf(name) {
  return name.text.replace('#', '')
}

function words(node) {
  const own = ts.isMemberName(node) || ts.isStringLiteral(node) ? [wordOf(node)] : []
  const inner = []
  ts.forEachChild(node, (child) => {
    inner.push(...words(child))
  })
  return [...own, ...inner]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, trip] of Object.entries(TRIPS)) {
    const rooms = roomsOf(trip)
    process.stdout.write(`${name}: ${rooms.length} rooms: ${rooms.join(' → ')}\n`)
  }
}
