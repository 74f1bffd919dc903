import { describe, expect, it } from '@jest/globals'
import type { WorkflowHandle } from '@temporalio/client'
import { overrideLines, seenLines } from '../../src/cli/setup/pause-lines.js'
import {
  coloured,
  paintFor,
  plain,
  forTerminal,
  safeText,
  shellQuoted,
} from '../../src/cli/terminal-text.js'
import { previewLines } from '../../src/cli/setup/preview-lines.js'
import { requireSetUp } from '../../src/app/connection/apply-connection.js'
import { lookAtSteps } from '../../src/app/await-result.js'
import { setupProgress } from '../../src/cli/setup/setup-progress.js'
import type { SetupPause, SetupStatus, StepStatus } from '../../src/contracts/setup.js'

const PAUSE: SetupPause = {
  code: 'gatewayUnreachable',
  message: 'The gateway does not answer.',
  choices: ['retry', 'skip', 'abort'],
  seen: { url: 'https://hooks.example/healthz', found: 'status 502' },
}

const step = (id: string, more: Partial<StepStatus> = {}): StepStatus => ({
  id,
  title: `The step ${id}`,
  state: 'pending',
  startedAt: null,
  endedAt: null,
  attempts: 1,
  pause: null,
  note: null,
  ...more,
})

const STATUS: SetupStatus = {
  connectionId: 'acme',
  phase: 'running',
  percent: 40,
  remainingSeconds: 60,
  result: null,
  heldBy: null,
  steps: [],
  messages: [],
}

describe('text from outside', () => {
  it('moves no cursor, turns no line around, and ends none', () => {
    expect(safeText('a\u001B]0;x\u0007b\r\nc\u202Ed\u2028e')).toBe(
      String.raw`a\u{1b}]0;x\u{7}b c\u{202e}d e`,
    )
  })

  it.each([
    ['tab_1', 'tab_1'],
    ['{e0-1}', "'{e0-1}'"],
    ["Kari's tab; rm -rf /", String.raw`'Kari'\''s tab; rm -rf /'`],
    ['', "''"],
  ])('is one argument of a shell: %s', (text, quoted) => {
    expect(shellQuoted(text)).toBe(quoted)
  })
})

describe('what was seen', () => {
  it('is a line a fact, whatever a step saw', () => {
    const seen = {
      missing: ['prvReadContact', 'prvWriteContact'],
      userId: null,
      nothing: [],
      count: 3,
      deep: { a: [1] },
      dependents: [{ kind: 'view', name: 'Mine', id: 'v-1', hidden: false, labels: [] }, 'a word'],
    }
    expect(seenLines(seen)).toEqual([
      'missing: prvReadContact, prvWriteContact',
      'count: 3',
      'deep: {"a":[1]}',
      'dependents:',
      '  - Mine  v-1  kind view, not hidden',
      '  - a word',
    ])
  })
})

describe('commands to be pasted', () => {
  const lines = (action: SetupPause['choices'][number], seen: SetupPause['seen']) =>
    overrideLines('acme', 'form', action, { ...PAUSE, seen }).map(
      ({ name, command }) => [name, /--action (.*) --by/.exec(command)?.[1]] as const,
    )

  it('name each view that may be taken, and tabs by name or else id', () => {
    const views = [
      { id: 'v-1', name: 'Subscriptions', active: true, customizable: true },
      { id: 'v-2', name: 'Old', active: false, customizable: true },
    ]
    expect(lines('useView', { views })).toEqual([['Subscriptions', 'useView --view-id v-1']])
    const tabs = [
      { name: null, id: '{t}', labels: ['Details'], hidden: false },
      { name: 'x y', id: '{u}', labels: [], hidden: true },
    ]
    expect(lines('useTab', { formId: 'f', tabs })).toEqual([
      ['Details', "useTab --tab '{t}' --form-id f"],
      ['x y', "useTab --tab 'x y' --form-id f"],
    ])
    expect(lines('createTab', { formId: 'f' })).toEqual([['', 'createTab --form-id f']])
  })

  it('leave a word open where nothing was seen', () => {
    expect(lines('useView', { viewId: null, views: [] })).toEqual([['', 'useView --view-id ID']])
    expect(lines('useForm', {})).toEqual([['', 'useForm --form-id ID']])
  })
})

describe('colours', () => {
  it('are for a terminal that has them', () => {
    const stream = (isTTY: boolean, colours: boolean) =>
      ({ isTTY, hasColors: () => colours }) as unknown as NodeJS.WriteStream
    expect(paintFor(stream(true, true))).toBe(coloured)
    expect(paintFor(stream(true, false))).toBe(plain)
    expect(paintFor(stream(false, true))).toBe(plain)
  })

  it('show what a diff adds and removes', () => {
    const diff = '--- a\n+++ b\n@@ -1 +1 @@\n same\n-old\u001B[2J\n+  new'
    const changes = [{ what: 'Change it.', diff }]
    const steps = [
      { id: 'form', title: 'Form', state: 'changes' as const, changes, pause: null, note: null },
    ]
    const text = previewLines({ connectionId: 'acme', crm: 'dynamics', steps }, coloured)
    expect(text.slice(5, 11).map(forTerminal)).toEqual([
      '       \u001B[1m--- a\u001B[0m',
      '       \u001B[1m+++ b\u001B[0m',
      '       \u001B[36m@@ -1 +1 @@\u001B[0m',
      '        same',
      '       \u001B[31m-old\\u{1b}[2J\u001B[0m',
      '       \u001B[32m+  new\u001B[0m',
    ])
  })
})

describe('whoever waits for set-up', () => {
  /** The output for a sequence of statuses. */
  async function told(workflowId: string, statuses: readonly SetupStatus[]) {
    const notes: string[][] = []
    let next = 0
    const handle = { query: async () => statuses[next] } as unknown as WorkflowHandle
    const progress = setupProgress({
      note: (line) => void notes[next]!.push(line),
      write: async () => true,
      answer: async () => {},
    })
    const look = lookAtSteps({ handle, workflowId, runId: 'r', joined: false }, progress)
    for (; next < statuses.length; next += 1) {
      notes.push([])
      await look()
    }
    return notes
  }

  const waiting = (pause: SetupPause, attempts = 1) => ({
    ...STATUS,
    steps: [step('webhooks', { state: 'paused', pause, attempts })],
  })

  it('is told a pause once, with the choices, and again where the reason is another', async () => {
    const other = { ...PAUSE, message: 'Somebody else answers there.' }
    const notes = await told('setup/acme', [waiting(PAUSE), waiting(PAUSE, 2), waiting(other, 3)])
    expect(notes[0]).toMatchSnapshot()
    expect(notes[1]).toEqual([])
    expect(notes[2]?.[0]).toBe('Waits (gatewayUnreachable): Somebody else answers there.')
  })

  it('sees once who holds it back', async () => {
    const heldBy = { reason: 'x', by: 'Kari', at: '2026-11-21T09:30:00.000Z' }
    const held = { ...STATUS, heldBy }
    expect(await told('setup/acme', [STATUS, held, held, STATUS, held])).toEqual([
      [],
      ['Held back by Kari; see `lbsync setup status acme`.'],
      [],
      [],
      ['Held back by Kari; see `lbsync setup status acme`.'],
    ])
  })

  it('sees no override where a preview merely looks', async () => {
    expect(await told('setup/acme/preview', [waiting(PAUSE)])).toEqual([
      [' 40 %  The step webhooks: paused'],
    ])
  })

  it('sees what the choices of a removal do there', async () => {
    const removal = { ...waiting(PAUSE), removeInstalled: true }
    const [lines = []] = await told('disconnect/acme', [removal])
    const text = lines.join('\n')
    expect(text).toContain('tried again by itself every hour')
    expect(text).toContain('skip: leave this step out and go on; what it would remove stays')
    expect(text).toContain('lbsync setup override acme --step webhooks --action skip')
    expect(text).not.toContain('sweep')
  })

  it('learns that it was aborted, and where', () => {
    const steps = [step('connect', { state: 'done' }), step('form', { state: 'failed' })]
    expect(() => requireSetUp({ ...STATUS, result: 'aborted', steps })).toThrow(
      expect.objectContaining({
        code: 'setup_aborted',
        message: 'Set-up of acme was aborted at the step form.',
      }),
    )
    expect(() => requireSetUp({ ...STATUS, result: 'done', steps })).not.toThrow()
  })
})
