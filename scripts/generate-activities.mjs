/**
 * Writes docs/activities.md from the limits that the workflows use.
 *
 *   node --import tsx scripts/generate-activities.mjs           write
 *   node --import tsx scripts/generate-activities.mjs --check   exit 1 when the file is out of date
 */
import { msToNumber } from '@temporalio/common/lib/time.js'
import { ACTIVITY_LIMITS, ACTIVITY_SUMMARIES } from '../src/workflows/activity-limits.ts'
import { writeOrCheck } from './generated-doc.mjs'

function table(head, rows) {
  const lines = [head, head.map(() => '---'), ...rows]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function rowOf([name, { activities, options, deadline, afterLast }]) {
  const { startToCloseTimeout, scheduleToCloseTimeout, heartbeatTimeout, retry } = options
  return [
    `\`${name}\``,
    activities.map((activity) => `\`${activity}\``).join(', '),
    time(startToCloseTimeout),
    time(heartbeatTimeout),
    triesOf(retry, deadline, scheduleToCloseTimeout),
    allTogether(scheduleToCloseTimeout, deadline),
    afterLast,
  ]
}

function triesOf({ maximumAttempts, ...retry }, deadline, together) {
  if (maximumAttempts === undefined) {
    return deadline === undefined && together === undefined ? 'no end' : 'as time allows'
  }
  const waits = Array.from({ length: maximumAttempts - 1 }, (_, n) => waitAfter(n, retry))
  const seconds = waits.reduce((sum, ms) => sum + ms, 0) / 1_000
  const about = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
  const more =
    deadline === 'extends'
      ? `, and once every ${time(retry.maximumInterval)} until the deadline`
      : ''
  return `${maximumAttempts}, with ${about} of waiting between them${more}`
}

/** Maximum time of all tries together. */
function allTogether(together, deadline) {
  switch (deadline) {
    case 'ends':
      return 'until the deadline'
    case 'extends':
      return `until ${time(together)} after the deadline`
    default:
      return time(together)
  }
}

function waitAfter(tries, { initialInterval, backoffCoefficient, maximumInterval }) {
  const first = msToNumber(initialInterval)
  const most = maximumInterval === undefined ? 100 * first : msToNumber(maximumInterval)
  return Math.min(most, first * backoffCoefficient ** tries)
}

function time(given) {
  if (given === undefined) {
    return '-'
  }
  const seconds = msToNumber(given) / 1_000
  const [size, unit] = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ].find(([size]) => seconds >= size && seconds % size === 0)
  return `${seconds / size} ${unit}`
}

const parts = [
  '# Activities: limits, tries, and the effect of the last',
  '<!-- Made by scripts/generate-activities.mjs from src/workflows/activity-limits.ts. Do not edit. -->',
  [
    'Workflows use activities in groups with the same limits. The code of an error decides whether it is retried',
    '([errors.md](errors.md)): one that no retry can correct ends the tries immediately, with the same effect. The wait between two',
    'tries begins with one second and doubles; if a system asked for a longer wait (429), that counts instead.',
    'An activity with heartbeats is abandoned and retried after this time without a heartbeat.',
  ].join('\n'),
  table(
    ['Group', 'Activities', 'One try', 'Heartbeat', 'Tries', 'All together', 'After the last'],
    Object.entries(ACTIVITY_LIMITS).map(rowOf),
  ),
  '## Purpose of each activity',
  "The text that Temporal's UI shows beside the activity.",
  table(
    ['Activity', 'Purpose'],
    Object.entries(ACTIVITY_SUMMARIES).map(([name, summary]) => [`\`${name}\``, summary]),
  ),
]

await writeOrCheck('activities.md', parts, 'scripts/generate-activities.mjs')
