/**
 * Writes docs/transitions.md, and the table of docs/life-of-a-connection.md, from the tables in src/domain and of the CRMs' folders.
 *
 *   node --import tsx scripts/generate-tables.mjs           write
 *   node --import tsx scripts/generate-tables.mjs --check   exit 1 when one is out of date
 */
import { MEANINGS_OF_ALL_CRMS } from '../src/crm/registry.ts'
import { PERMITS } from '../src/domain/connection-state.ts'
import {
  DECISIONS,
  PAUSES,
  PRE_SEND_TRANSITIONS,
  STEP_TRANSITIONS,
  STEPS_PHASE_TRANSITIONS,
} from '../src/domain/transitions.ts'
import { writeOrCheck, writeOrCheckPart } from './generated-doc.mjs'

const SCRIPT = 'scripts/generate-tables.mjs'

function table(head, rows) {
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}

const code = (name) => `\`${name}\``
const yes = (is) => (is ? 'yes' : 'no')

function transitions(states) {
  const rows = Object.entries(states).map(([state, next]) => [
    code(state),
    next.length === 0 ? '-' : next.map(code).join(', '),
  ])
  return table(['from', 'to'], rows)
}

/** Work by name; work in progress that may continue is marked if it may not begin. */
function beginning({ begins, goesOn }) {
  const under = goesOn.filter((work) => !begins.includes(work))
  const all = begins.length === PERMITS.active.begins.length
  const more = under.length === 0 ? '' : ` (${under.join(', ')} in progress continues)`
  return all ? 'all' : `${begins.join(', ')}${more}`
}

await writeOrCheck(
  'transitions.md',
  [
    '# Transitions',
    '<!-- Made by scripts/generate-tables.mjs from src/domain/transitions.ts. Do not edit. -->',
    [
      'The workflows follow these tables. A transition that is in none of them is refused as a fault of the product (`internal`).',
      '[Another table](life-of-a-connection.md) shows what a connection permits in each of its states.',
    ].join('\n'),
    '## A step of set-up or of a disconnect',
    '`state` of the status. A step that waits stays `paused` while it is tried again; one that is `pending` fails if Support holds set-up back and aborts it.',
    transitions(STEP_TRANSITIONS),
    '## Set-up and disconnect',
    '`phase` of the status, and search attribute `Phase`. An abort and a cancellation in Temporal end with `failed`.',
    transitions(STEPS_PHASE_TRANSITIONS),
    '## Decisions about a step that waits',
    'A pause offers those in its `choices` ([setup.md](setup.md#why-it-waits)). Every CRM has `retry`, `skip` and `abort`; the others come from the folder of one CRM.',
    table(
      ['action', 'the step is', 'needs'],
      [
        ...Object.entries(DECISIONS).map(([action, step]) => [code(action), step, '-']),
        ...Object.entries(MEANINGS_OF_ALL_CRMS.setupActions).map(([action, { needs }]) => [
          code(action),
          'tried again',
          needs === undefined ? '-' : code(needs),
        ]),
      ],
    ),
    '## Pauses',
    'A disconnect retries every waiting step each hour, except if credentials are refused (`authFailed`).',
    table(
      ['code', 'set-up checks again by itself', 'a preview shows later steps'],
      [...Object.entries(PAUSES), ...Object.entries(MEANINGS_OF_ALL_CRMS.setupPauses)].map(
        ([pause, { looksAgain, closesPreview }]) => [
          code(pause),
          yes(looksAgain),
          yes(!closesPreview),
        ],
      ),
    ),
    '## A pre-send',
    '`phase` of its status. When stopped, or at its deadline, it decides from any phase.',
    transitions(PRE_SEND_TRANSITIONS),
  ],
  SCRIPT,
)

await writeOrCheckPart(
  'life-of-a-connection.md',
  'PERMITS',
  table(
    [
      'state',
      "a webhook's hint is",
      'work that may begin',
      'loosening is',
      'has a cron',
      'decides sendouts',
    ],
    Object.entries(PERMITS).map(([state, permits]) => [
      code(state),
      permits.hints,
      beginning(permits),
      permits.loosens ? 'written' : 'withheld',
      yes(permits.sweeps),
      yes(permits.decides),
    ]),
  ),
  SCRIPT,
)
