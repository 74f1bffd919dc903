import { describe, expect, it } from '@jest/globals'
import path from 'node:path'

interface Checks {
  readonly ruleFaultsOf: (
    files: readonly { readonly file: string; readonly text: string }[],
  ) => string[]
}

/** Resolved at run time, because scripts have no types. */
const script: string = path.resolve('scripts/check-rules.mjs')
const { ruleFaultsOf } = (await import(script)) as Checks

const rules = { file: 'docs/rules.md', text: '| <a id="b7"></a>B7 | none never makes an allow |' }
const wire = { file: 'docs/wire.md', text: '### EM-B7 Webhooks to us' }
const source = (text: string) => ({ file: 'src/a.ts', text })

describe('ids of rules', () => {
  it('are cited in pages, comments and titles of tests', () => {
    const cited = source("/** Never (B7; EM-B7). */\nit('writes nothing (B7)', () => 'Z0 B9')")
    expect(ruleFaultsOf([rules, wire, cited])).toEqual([])
  })

  it.each([
    ['a comment', source('\n/** As rule C5 says. */'), 'src/a.ts:2: there is no rule C5'],
    ['a comment behind code', source('a() // rule C5'), 'src/a.ts:1: there is no rule C5'],
    ['a title', source("it('waits (B7, C5)')"), 'src/a.ts:1: there is no rule C5'],
    ['a page', { file: 'README.md', text: 'Both (C5).' }, 'README.md:1: there is no rule C5'],
    ['a wire page', source('// EM-B9'), 'src/a.ts:1: there is no rule EM-B9'],
  ])('that nobody defines are found in %s', (_, file, fault) => {
    expect(ruleFaultsOf([rules, wire, file])).toEqual([fault])
  })

  it('that two pages define are found', () => {
    const again = { file: 'docs/wire.md', text: '| <a id="x"></a>B7 | the webhook |' }
    expect(ruleFaultsOf([rules, again])).toEqual([
      'docs/wire.md: rule B7 is defined in docs/rules.md already',
    ])
  })
})
