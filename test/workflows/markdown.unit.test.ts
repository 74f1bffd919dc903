import { describe, expect, it } from '@jest/globals'
import type { SetupStatus, StepStatus } from '../../src/contracts/setup.js'
import { plainText } from '../../src/workflows/markdown.js'
import { refusalDetails } from '../../src/workflows/failures.js'
import { detailsOf } from '../../src/workflows/setup/state.js'
import { ODD_TEXTS } from '../support/odd-texts.js'

/** Names that somebody may give a form, and that have another meaning in Markdown. */
const NAMES: Readonly<Record<string, string>> = {
  '![x](https://evil.example/p.png)': String.raw`!\[x\](https\://evil.example/p.png)`,
  '[Approve](https://evil.example)': String.raw`\[Approve\](https\://evil.example)`,
  '<img src=x onerror=y>': String.raw`\<img src=x onerror=y\>`,
  '**done**': String.raw`\*\*done\*\*`,
  'a\n\n# Set up.': 'a # Set up.',
  'a\r- ✔ Form': 'a - ✔ Form',
  'see www.evil.example or a@evil.example': String.raw`see www\.evil.example or a\@evil.example`,
  '`a` \\ | ~~b~~ &lt;': String.raw`\`a\` \\ \| \~\~b\~\~ \&lt;`,
  '_a_ __b__ em_contact': String.raw`\_a\_ \_\_b\_\_ em_contact`,
  'Contact – main form (2)': 'Contact – main form (2)',
}

const step: StepStatus = {
  id: 'form',
  title: 'Form',
  state: 'paused',
  attempts: 1,
  startedAt: null,
  endedAt: null,
  note: null,
  pause: null,
}

function details(name: string): string {
  const at = '2026-01-01T00:00:00Z'
  const pause = {
    code: 'formUncertain',
    message: name,
    choices: ['retry'],
    seen: {},
    retryAt: null,
  }
  const status = {
    phase: 'paused',
    percent: 50,
    remainingSeconds: 10,
    result: null,
    heldBy: { by: name, reason: name, at },
    steps: [{ ...step, note: name, pause }],
    messages: [{ at, text: name }],
  } as unknown as SetupStatus
  return `${detailsOf(status)}\n${refusalDetails({ code: 'crm_auth_failed', message: name })}`
}

describe.each(Object.entries(NAMES))('%j in the details of a workflow', (name, shown) => {
  it('stands there letter by letter', () => {
    expect(plainText(name)).toBe(shown)
    expect(details(name).split(shown)).toHaveLength(7)
  })
})

it.each(Object.values(ODD_TEXTS))('keep %j on its line', (text) => {
  const lines = details('x').split('\n').length
  expect(details(`${text}\n${text}`).split('\n')).toHaveLength(lines)
  expect(plainText(text)).not.toMatch(/\p{Cc}|\u202E/u)
})
