import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { countOf, programOptions, refuseOption } from '../simulators/common/program-options.js'
import { createOutput } from '../src/cli/output.js'
import { FIGURES, type Figure, type Repetition, type Row } from './figures.js'

const USAGE =
  'npm run bench -- [--only FIGURE] [--size N] [--repetitions N] [--profile FOLDER] [--write]\n' +
  `Figures: ${Object.keys(FIGURES).join(', ')}. docs/performance.md says what each is.`

/**
 * Measures the table of docs/performance.md on the complete product. Prints the table on standard output, and its progress on standard
 * error. Exits with 1 if a list differs from what the stand-ins' own state requires.
 */
const TABLE = 'docs/performance.md'
const HEAD =
  '| Figure | Contacts | Median | Least to most | Required | Aim | Wrong, missing | Runs, day |\n' +
  '| --- | --- | --- | --- | --- | --- | --- | --- |'

const output = createOutput(process.stdout, process.stderr)
const { values } = programOptions(USAGE, {
  options: {
    only: { type: 'string' },
    size: { type: 'string' },
    repetitions: { type: 'string', default: '5' },
    profile: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
})
if (values.only !== undefined && FIGURES[values.only] === undefined) {
  refuseOption(`There is no figure ${JSON.stringify(values.only)}.`, USAGE)
}
const names = values.only === undefined ? Object.keys(FIGURES) : [values.only]
const lines: string[] = []
for (const name of names) {
  lines.push(...(await measure(name, FIGURES[name]!)))
}
await output.write(`${machine()}\n\n${HEAD}\n${lines.join('\n')}\n`)
if (values.write) {
  writeFileSync(TABLE, lines.reduce(withLine, readFileSync(TABLE, 'utf8')))
}

async function measure(name: string, figure: Figure): Promise<string[]> {
  const size = values.size === undefined ? figure.size : countOf('--size', values.size)
  output.note(`${name}, ${size} contacts`)
  const repetitions: Repetition[] = []
  for await (const repetition of figure.measure({
    size,
    repetitions: countOf('--repetitions', values.repetitions),
    profileTo: values.profile ?? null,
    note: (line) => output.note(line),
  })) {
    repetitions.push(repetition)
    if (repetition.wrongOrMissing > 0) {
      process.exitCode = 1
    }
  }
  return figure.rows.map((row, at) => lineOf(name, size, row, at, repetitions))
}

function lineOf(
  name: string,
  size: number,
  { title, required, aim, atLeast }: Row,
  at: number,
  repetitions: readonly Repetition[],
): string {
  const sorted = repetitions.map((one) => one.values[at]!).sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const median = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2
  const faults = repetitions.reduce((sum, one) => sum + one.wrongOrMissing, 0)
  const day = new Date().toISOString().slice(0, 10)
  const cells = [
    `\`${name}\`: ${title}`,
    size.toLocaleString('en'),
    short(median),
    `${short(sorted[0]!)} to ${short(sorted.at(-1)!)}`,
    `${atLeast ? '≥' : '≤'} ${required}`,
    aim === undefined ? '' : `${aim}`,
    `${faults}`,
    `${repetitions.length}, ${day}`,
  ]
  return `| ${cells.join(' | ')} |`
}

function short(value: number): string {
  return Number.isNaN(value) ? '?' : String(Number(value.toFixed(2)))
}

/** The document with this line in place of that of the same figure and size, or else at the end of the table. */
function withLine(document: string, line: string): string {
  const cells = (text: string) => text.split('|').map((cell) => cell.trim())
  const [, figure, size] = cells(line)
  const lines = document.split('\n')
  const at = lines.findIndex((text) => cells(text)[1] === figure && cells(text)[2] === size)
  return at < 0
    ? lines.toSpliced(lines.findLastIndex((text) => text.startsWith('| `')) + 1, 0, line).join('\n')
    : lines.with(at, line).join('\n')
}

/** Describes the machine of the measurement. */
function machine(): string {
  const { length, 0: first } = cpus()
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD']).toString().trim()
  const gigabytes = Math.round(totalmem() / 2 ** 30)
  return (
    `${length} × ${first?.model ?? 'processor'}, ${gigabytes} GB, Node ${process.version}, commit ${commit}, ` +
    `load ${loadavg()[0]!.toFixed(1)}. Stand-ins answer after 20 ms.`
  )
}
