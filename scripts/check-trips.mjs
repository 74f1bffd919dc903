/**
 * Follows the trips of docs/trips.md through the code. Prints the rooms that each enters and then each fault; exits with
 * 1 if there is any.
 */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { importsOf, roomOf } from './rooms.mjs'

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
 * Each trip from its entry point to the write: the chain of calls that leads there, as files and functions in each. A
 * function names the next one in its body, and its file imports the next file. `~`: reached by Temporal or an
 * interface, so that no import shows it. `^`: handed on by a function that stands before it in this file, and called
 * back: this returns to its room, and enters none. A function that only wraps what it is given (`entry`, which checks
 * the input) is left out.
 */
export const TRIPS = {
  webhook: [
    ['src/gateway/hooks/routes.ts', 'hookRoutes', 'storeHints'],
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
    ['src/workflows/steps/runner.ts', 'takeSteps', 'takeStep', 'attempt'],
    ['src/workflows/setup/index.ts', '^attempt', 'attemptStep', 'runStep'],
    ['src/activities/setup-activities.ts', '~runSetupStep'],
    ['src/activities/setup/run-step.ts', 'runStep', 'do'],
    ['src/crm/dynamics/setup/steps/tables.ts', '~do', 'ensureTable'],
    ['src/crm/dynamics/find-or-create.ts', 'findOrCreate'],
  ],
}

/**
 * The rooms of a trip, in order; a room that it enters again appears twice.
 * @returns {readonly { room: string, isReturn: boolean }[]} `isReturn`: by a call back, which is no entry.
 */
export function roomsOf(trip) {
  return trip
    .map(([file, first]) => ({ room: roomOf(file), isReturn: first?.startsWith('^') === true }))
    .filter(({ room }, at, all) => room !== all[at - 1]?.room)
}

/** The rooms that a trip enters, in order. */
function enteredBy(trip) {
  return roomsOf(trip).flatMap(({ room, isReturn }) => (isReturn ? [] : [room]))
}

/** The rooms that a trip does not enter, but whose code its files call on their way. */
function calledBy(root, trip) {
  const called = trip.flatMap(([file]) => [...look(root, file).calls]).map((file) => roomOf(file))
  const entered = enteredBy(trip)
  return [...new Set(called)].filter((room) => room && !entered.includes(room)).sort()
}

/** Trips with too many rooms, a return to a room, or a way that differs from the list. @returns one line each. */
export function tripFaults(root, trips = TRIPS) {
  return Object.entries(trips).flatMap(([name, trip]) => {
    const rooms = enteredBy(trip)
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
    names.map((name) => ({ file, name: name.replace(/^[~^]/, ''), mark: /^[~^]?/.exec(name)[0] })),
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
    const names = body.has(next.name)
    const isReached = next.mark !== '' || next.file === stop.file || imports.has(next.file)
    return [
      ...(names ? [] : [`${stop.file}: ${stop.name} does not name ${next.name}`]),
      ...(isReached ? [] : [`${stop.file} does not import ${next.file}`]),
      ...(next.mark !== '^' || handsOn(root, stops.slice(0, at + 1), next)
        ? []
        : [`nothing before it in ${next.file} hands ${next.name} on`]),
    ]
  })
}

/** Whether the last stop in the same file before a call back passes the function that is called. */
function handsOn(root, before, { file, name }) {
  const giver = before.findLast((stop) => stop.file === file)
  return giver !== undefined && look(root, file).bodies.get(giver.name)?.has(name) === true
}

const looked = new Map()

/** A file's functions and classes with the words in their bodies, and the files that it imports, or calls. */
function look(root, file) {
  const full = path.join(root, file)
  if (!looked.has(full)) {
    const text = existsSync(full) ? readFileSync(full, 'utf8') : ''
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest)
    const bodies = new Map()
    const all = importsOf(file, text)
    const imports = new Set(all.map(({ to }) => to))
    const calls = new Set(all.flatMap(({ to, isType }) => (isType ? [] : [to])))
    const visit = (node) => {
      const body = ts.isClassDeclaration(node) ? node : (node.body ?? node.initializer)
      if (body && node.name && ts.isMemberName(node.name)) {
        const name = wordOf(node.name)
        bodies.set(name, new Set([...(bodies.get(name) ?? []), ...words(body)]))
      }
      ts.forEachChild(node, visit)
    }
    visit(source)
    looked.set(full, { bodies, imports, calls })
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
  const root = fileURLToPath(new URL('..', import.meta.url))
  const plain = (room) => room.replace('src/', '')
  for (const [name, trip] of Object.entries(TRIPS)) {
    const way = roomsOf(trip).map(({ room, isReturn }) =>
      isReturn ? `(back in ${plain(room)})` : plain(room),
    )
    const called = calledBy(root, trip).map(plain)
    process.stdout.write(
      `${name}: enters ${enteredBy(trip).length} rooms: ${way.join(' → ')}\n` +
        `  its files also import from: ${called.join(', ')}\n`,
    )
  }
  const faults = tripFaults(root)
  for (const fault of faults) {
    process.stdout.write(`${fault}\n`)
  }
  process.exitCode = faults.length === 0 ? 0 : 1
}
