import { describe, expect, it } from '@jest/globals'
import { PassThrough } from 'node:stream'
import { reportError } from '../../src/cli/errors/report-error.js'
import { createOutput, type Output } from '../../src/cli/output.js'
import { coloured, jsonText, safeText, textTable } from '../../src/cli/terminal-text.js'
import { explain, type WhyFacts } from '../../src/app/why/explanation.js'
import { explanationText } from '../../src/cli/commands/why.js'
import { AppError } from '../../src/contracts/app-error.js'
import { isValidEmail } from '../../src/domain/email-address.js'
import { ODD_TEXTS } from '../support/odd-texts.js'

/** All characters that control a terminal, change the direction of a line, or are not seen. */
const STEERS =
  /[\x00-\x09\x0B-\x1F\x7F-\x9F\xAD\u034F\u061C\u115F\u180E\u200B-\u200F\u2028-\u202E\u2060-\u206F\u3164\uFEFF\u{E0001}-\u{E007F}]/u

const ODD = [
  ...Object.values(ODD_TEXTS),
  'a\u001B[8mhidden\u001B[0m',
  'a\u009B2Jb',
  'a\rb',
  'a\u2066b\u2069',
  'a\u0085b',
  'a\u200Bb',
  'a\u200D\u2060b\u00AD',
  '\uFEFFa',
  'a\u{E0041}\u3164\u034Fb',
]

/** Facts of a person, with this name for a category and a source. */
function facts(name: string): WhyFacts {
  const none = { disagreements: [], secondaryHolders: [], mentions: [], events: [] }
  return {
    ...none,
    connectionId: 'acme',
    email: 'ann@x.example',
    asOf: { emarketeer: null, crm: null },
    emarketeerContactId: '1',
    crmContactIds: [],
    cells: [
      {
        cell: 'category:c1',
        synced: true,
        emarketeer: { value: 'withdrawn', since: null, source: name, actor: null },
        crm: [],
        departedDeny: false,
        loosening: null,
      },
    ],
    basisMappingKey: null,
    categoryNames: new Map([['c1', name]]),
    excluded: null,
  }
}

/** The text that a command writes through its output. */
async function written(write: (output: Output) => Promise<unknown>) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  await write(createOutput(stdout, stderr))
  const text = (stream: PassThrough) => (stream.read() as Buffer | null)?.toString() ?? ''
  return { out: text(stdout), err: text(stderr) }
}

describe.each(ODD)('what a command writes of %j', (text) => {
  it('steers no terminal', async () => {
    const { out, err } = await written(async (output) => {
      await output.write(`${text}\n`)
      await output.answer(false, {}, () => text)
      output.note(text)
    })
    expect(out + err).not.toMatch(STEERS)
  })

  it('is exact in JSON, and escaped', async () => {
    const { out } = await written((output) => output.answer(true, { text }, () => ''))
    expect(out).not.toMatch(STEERS)
    expect((JSON.parse(out) as { text: string }).text).toBe(text)
  })

  it('is one cell of a table, and one line of an explanation', async () => {
    const forged = `${text}\nanna@x.example  approved`
    expect(textTable(['ADDRESS'], [[forged]]).split('\n')).toHaveLength(2)
    const plain = explanationText(explain(facts('News')))
    const odd = explanationText(explain(facts(forged)))
    expect(odd.split('\n')).toHaveLength(plain.split('\n').length)
    expect(odd).not.toMatch(STEERS)
  })

  it('appears in an error as one line', async () => {
    const error = new AppError('value_invalid', `A\n${text}`, { path: text, value: `${text}\nx` })
    const { err } = await written((output) => reportError(error, error, output, false))
    expect(err.trimEnd().split('\n')).toHaveLength(4)
    expect(err).not.toMatch(STEERS)
  })
})

it('keeps the styles that are ours', async () => {
  const { out } = await written((output) =>
    output.answer(false, {}, () => coloured('red', 'no\u001B[2J')),
  )
  expect(out).toBe('\u001B[31mno\\u{1b}[2J\u001B[0m\n')
})

it('shows what nobody sees, so that two names that look the same do not', () => {
  expect(safeText('An\u200Bna\n\uFEFFLi \u202Egro')).toBe('An\\u{200b}na \\u{feff}Li \\u{202e}gro')
  expect(safeText('Anna ❤️ ' + 'Åse')).toBe('Anna ❤️ Åse')
  expect(jsonText('\u200B\u{E0041}')).toBe(String.raw`"\u200b\udb40\udc41"`)
})

it.each(['a\u0007@x.example', 'a\u001B[2J@x.example', 'a\u202E@x.example', 'a\uFFFD@x.example'])(
  'does not take %j for an address that can be mailed',
  (key) => {
    expect(isValidEmail(key)).toBe(false)
    expect(isValidEmail('a@x.example')).toBe(true)
  },
)
