import { describe, expect, it } from '@jest/globals'
import type { Command } from 'commander'
import { buildProgram } from '../../src/cli/program.js'
import { requireEvidence } from '../../src/app/require-evidence.js'

/** The refusal, as its code and path; null: none. */
function refusal(change: { reason?: string; by?: string }): string | null {
  try {
    requireEvidence({ reason: 'The customer confirms the import', by: 'Kari', ...change })
    return null
  } catch (error) {
    const { code, path } = error as { code: string; path: string }
    return `${code} ${path}`
  }
}

describe('evidence of a person', () => {
  it.each([
    '',
    ' ',
    '\t\n',
    '…',
    '...',
    '"…"',
    '?',
    'x',
    'xxx',
    '111',
    'NAME',
    '<name>',
    '$NAME',
    'Your name',
    'REASON',
    '<text>',
    'The reason',
    'who',
    'why',
    'N/A',
    'TODO',
    'a\0b',
    'a'.repeat(250) + 'b'.repeat(251),
  ])('is none where it is %j', (text) => {
    expect(refusal({ reason: text })).toBe('value_invalid --reason')
    expect(refusal({ by: text })).toBe('value_invalid --by')
  })

  it.each([
    'Kari',
    'Bo',
    'KN',
    '李明',
    'support',
    'Kari (on call)',
    'REQ-17',
    'The name was wrong',
  ])('is %j', (text) => {
    expect(refusal({ reason: text, by: text })).toBeNull()
  })

  /** Each command with its other required options. None of them calls anything outside. */
  const COMMANDS: Readonly<Record<string, readonly string[]>> = {
    'connection apply': ['no-file.json'],
    'connection pause': ['acme'],
    'connection remove-installed': ['acme'],
    'connection resume': ['acme'],
    'connection retry': ['acme'],
    'connection rotate-webhooks': ['acme'],
    'held approve': ['acme'],
    'held reject': ['acme'],
    'ledger restored': [],
    'pre-send abort': ['snd_1', '--stage', 'send'],
    'setup override': ['acme', '--step', 'form', '--action', 'retry'],
    'setup pause': ['acme'],
    'setup resume': ['acme'],
  }
  const silent = { write: async () => true, answer: async () => undefined, note: () => undefined }

  it('is judged of every command that takes it', () => {
    const takers = (of: Command, path: string): string[] => [
      ...(of.options.some(({ long }) => long === '--by' || long === '--reason') ? [path] : []),
      ...of.commands.flatMap((command) => takers(command, `${path} ${command.name()}`.trim())),
    ]
    expect(takers(buildProgram(silent), '').sort()).toEqual(Object.keys(COMMANDS))
  })

  it.each(Object.entries(COMMANDS))('is judged first by %s', async (name, needs) => {
    const reason = name === 'connection apply' ? [] : ['--reason', 'A mass change went wrong']
    const run = (by: string, why = reason) =>
      buildProgram(silent).parseAsync([...name.split(' '), ...needs, '--by', by, ...why], {
        from: 'user',
      })
    await expect(run('…')).rejects.toMatchObject({ code: 'value_invalid', path: '--by' })
    await expect(run(' ')).rejects.toMatchObject({ code: 'value_missing', path: '--by' })
    if (reason.length > 0) {
      await expect(run('Kari', ['--reason', ''])).rejects.toMatchObject({
        code: 'value_missing',
        path: '--reason',
      })
      await expect(run('Kari', ['--reason', '…'])).rejects.toMatchObject({
        code: 'value_invalid',
        path: '--reason',
      })
    }
  })
})
