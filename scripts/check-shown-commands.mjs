import { checkoutTexts } from './checkout-texts.mjs'

/** Fences of blocks that somebody pastes and runs; any other language shows something. */
const RUN = /^(?:sh|sql)(?: runnable)?$/
/** Other names of the shell, and none at all, behind which a command would not be found. */
const UNCLEAR = /^(?:|bash|shell|console|shellsession|psql)$/

/** Commands on pages that no test runs as they are written, each with its reason. */
export const UNRUN = [
  ['README.md', 'npm ci && npm run demo', 'Fetches packages; CI runs it in two stages.'],
  ['README.md', 'npm ci && npm test', 'It is this run.'],
  ...[
    'npm run bench',
    'npm run bench -- --only pre-send-known --size 2000 --repetitions 1',
    'npm run bench -- --only pre-send-known --size 10000 --profile /tmp/profiles',
    'npm run bench -- --only superoffice-direct --write',
  ].map((command) => [
    'docs/performance.md',
    command,
    'Measures, on a machine that does nothing else, for minutes to hours.',
  ]),
]

/**
 * Commands on pages that no test runs as written, and reasons for commands that no page shows. A test runs the blocks
 * that it asks for: `blocksOf(page, 'sh')` all of them, `blockOf(page, 'sh', 'part')` the one with
 * this text.
 * @param {string} root of the checkout.
 * @returns {string[]} one line each.
 */
export function shownCommandFaults(root) {
  const pages = checkoutTexts(root, { kinds: /^(?:README|demo\/README|docs\/.*)\.md$/ })
  const tests = checkoutTexts(root, { under: ['test'], kinds: /\.test\.ts$/ })
  return faultsOf(pages, tests, UNRUN)
}

/** As {@link shownCommandFaults}, of these files and reasons. */
export function faultsOf(pages, tests, unrun) {
  const claims = tests.flatMap(({ text }) => claimsIn(text))
  const blocks = pages.flatMap(({ file, text }) => blocksIn(file, text))
  const unclear = blocks.filter(({ fence }) => UNCLEAR.test(fence))
  const shown = blocks
    .filter(({ fence }) => RUN.test(fence))
    .filter((block) => !claims.some((claim) => covers(claim, block)))
    .flatMap(({ file, fence, line, text }) =>
      commandsIn(fence, text).map((command) => ({ file, line, command })),
    )
  const isListed = ({ file, command }) =>
    unrun.some(([page, listed, why]) => page === file && listed === command && why.trim() !== '')
  return [
    ...unclear.map(
      ({ file, line }) => `${file}:${line}: name the block's language (sh, sql, json)`,
    ),
    ...shown
      .filter((one) => !isListed(one))
      .map(({ file, line, command }) => `${file}:${line}: no test runs ${command}`),
    ...unrun
      .filter(([page, command]) => !shown.some((o) => o.file === page && o.command === command))
      .map(([page, command]) => `${page}: listed as run by no test, but not so shown: ${command}`),
  ]
}

/** The blocks that a test asks for. */
function claimsIn(text) {
  const calls = /\b(blocksOf|blockOf)\(\s*'([^']+)',\s*'([^']+)'(?:,\s*'([^']+)')?,?\s*\)/g
  return [...text.matchAll(calls)].map(([, , file, fence, part]) => ({ file, fence, part }))
}

const covers = ({ file, fence, part }, block) =>
  file === block.file && fence === block.fence && (part === undefined || block.text.includes(part))

/** Fenced blocks, with the line of the fence. */
function blocksIn(file, text) {
  return [...text.matchAll(/^ *```(.*)\n([^]*?)^ *```$/gm)].map((found) => ({
    file,
    fence: found[1].trim(),
    text: found[2],
    line: text.slice(0, found.index).split('\n').length,
  }))
}

/** Commands of the shell, continued lines joined; statements of SQL; without comments. */
function commandsIn(fence, text) {
  const [end, comment] = fence === 'sql' ? [/;\n/, /(?:^|\s+)--.*$/gm] : ['\n', /(?:^|\s+)#.*$/gm]
  return text
    .replaceAll(/\\\n\s*/g, '')
    .split(end)
    .map((line) => line.replaceAll(comment, '').trim())
    .filter((line) => line !== '')
}
