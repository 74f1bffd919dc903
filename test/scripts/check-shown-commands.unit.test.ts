import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from '@jest/globals'

interface Text {
  readonly file: string
  readonly text: string
}

interface CheckShownCommands {
  shownCommandFaults(root: string): readonly string[]
  faultsOf(
    pages: readonly Text[],
    tests: readonly Text[],
    unrun: readonly (readonly [page: string, command: string, why: string])[],
  ): readonly string[]
}

const script = pathToFileURL(path.join(process.cwd(), 'scripts/check-shown-commands.mjs')).href
const { shownCommandFaults, faultsOf } = (await import(script)) as CheckShownCommands

const PAGE = {
  file: 'docs/page.md',
  text: `# Page

\`\`\`sh
npx lbsync one   # says it
npx lbsync two \\
  --long
\`\`\`

1. In a list:

   \`\`\`sh
   npx lbsync three
   \`\`\`

\`\`\`sql
SELECT 1;
SELECT 2 -- two
 WHERE true;
\`\`\`

\`\`\`json
{}
\`\`\`
`,
}

const testThat = (call: string) => [{ file: 'test/page.test.ts', text: `await ${call}` }]

describe('a command on a page', () => {
  it('is run by a test as it is written, or listed with a reason', () => {
    expect(shownCommandFaults(process.cwd())).toEqual([])
  })

  it('is at fault if no test asks for its block', () => {
    expect(faultsOf([PAGE], [], [])).toEqual([
      'docs/page.md:3: no test runs npx lbsync one',
      'docs/page.md:3: no test runs npx lbsync two --long',
      'docs/page.md:11: no test runs npx lbsync three',
      'docs/page.md:15: no test runs SELECT 1',
      'docs/page.md:15: no test runs SELECT 2\n WHERE true',
    ])
    const one = testThat("blockOf('docs/page.md', 'sh', 'three')")
    expect(faultsOf([PAGE], one, [])).not.toContain(
      'docs/page.md:11: no test runs npx lbsync three',
    )
    expect(faultsOf([PAGE], one, [])).toHaveLength(4)
    const all = testThat("blocksOf('docs/page.md', 'sh')")
    expect(faultsOf([PAGE], all, [])).toHaveLength(2)
    expect(faultsOf([PAGE], testThat("blocksOf('docs/other.md', 'sh')"), [])).toHaveLength(5)
  })

  it('is at fault in the list if it has no reason, is run, or is on no page', () => {
    const sql = testThat("blocksOf('docs/page.md', 'sql')")
    const sh = (why: string) =>
      ['npx lbsync one', 'npx lbsync two --long', 'npx lbsync three'].map(
        (command) => ['docs/page.md', command, why] as const,
      )
    expect(faultsOf([PAGE], sql, sh('It asks somebody.'))).toEqual([])
    expect(faultsOf([PAGE], sql, sh(' '))).toHaveLength(3)
    const listed = 'docs/page.md: listed as run by no test, but not so shown: '
    expect(
      faultsOf([PAGE], sql, [
        ...sh('It asks somebody.'),
        ['docs/page.md', 'SELECT 1', 'It asks somebody.'],
        ['docs/page.md', 'npx lbsync four', 'It asks somebody.'],
      ]),
    ).toEqual([`${listed}SELECT 1`, `${listed}npx lbsync four`])
  })

  it('is at fault where the block does not say its language', () => {
    const page = { file: 'docs/page.md', text: '```\nnpx lbsync\n```\n\n```console\n$ ls\n```\n' }
    expect(faultsOf([page], [], [])).toEqual([
      "docs/page.md:1: name the block's language (sh, sql, json)",
      "docs/page.md:5: name the block's language (sh, sql, json)",
    ])
  })
})
