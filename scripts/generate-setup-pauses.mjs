/**
 * Writes docs/setup-pauses.md from the cases of the tests, so that the table tells what was tried.
 *
 *   node --import tsx scripts/generate-setup-pauses.mjs           write
 *   node --import tsx scripts/generate-setup-pauses.mjs --check   exit 1 when the file is out of date
 */
import { DYNAMICS_PLACES } from '../test/e2e/setup-pauses/dynamics-places.ts'
import { SUPEROFFICE_PLACES } from '../test/e2e/setup-pauses/superoffice-places.ts'
import { writeOrCheck } from './generated-doc.mjs'

const HEAD = [
  '| pause | at step | how it comes to it | choice | fixed before | what becomes of it | the step | set-up |',
  '|---|---|---|---|---|---|---|---|',
]

function table(places) {
  return [...HEAD, ...places.flatMap(rowsOf)].join('\n')
}

/** Facts common to all choices of a pause appear once. */
function rowsOf({ code, step, when, choices }) {
  return Object.entries(choices).map(([action, { fixed = '', then, state, next }], index) => {
    const place = index === 0 ? [`\`${code}\``, `\`${step}\``, when] : ['', '', '']
    const cells = [...place, `\`${action}\``, fixed, then, state, setUpOf(next)]
    return `| ${cells.join(' | ')} |`
  })
}

function setUpOf(next) {
  return typeof next === 'string' ? next : `waits at \`${next.step}\` (\`${next.code}\`)`
}

const parts = [
  '# Every pause, and each of its choices',
  '<!-- Made by scripts/generate-setup-pauses.mjs from test/e2e/setup-pauses. Do not edit. -->',
  [
    'The pauses and choices of [setup.md](setup.md), as tested. Each row is a test: set-up runs into the pause on a stand-in,',
    'Support decides (by signal, update and `lbsync setup override` in turn), and the resulting state is checked. Each test also',
    'checks that exactly these choices are offered, and that the decision is stored with its reason and name.',
  ].join('\n'),
  '## Dynamics 365',
  table(DYNAMICS_PLACES),
  '## SuperOffice',
  table(SUPEROFFICE_PLACES),
]

await writeOrCheck('setup-pauses.md', parts, 'scripts/generate-setup-pauses.mjs')
