import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from '@jest/globals'

interface Rooms {
  roomOf(file: string, split?: readonly string[]): string | undefined
  importsOf(
    file: string,
    text: string,
  ): readonly { readonly to: string; readonly isType: boolean }[]
  cycleIn(edges: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] | null
}

const script = pathToFileURL(path.join(process.cwd(), 'scripts/rooms.mjs')).href
const { roomOf, importsOf, cycleIn } = (await import(script)) as Rooms

describe('the rooms of src', () => {
  it('are the deepest folders that have a page', () => {
    expect(roomOf('src/workflows/setup/index.ts')).toBe('src/workflows/setup')
    expect(roomOf('src/crm/dynamics/setup/steps/tables.ts')).toBe('src/crm/dynamics')
    expect(roomOf('src/workflows/entry.ts')).toBe('src/workflows')
    expect(roomOf('src/workflows/setup/index.ts', ['src'])).toBe('src/workflows')
    expect(roomOf('src/checkout.ts')).toBeUndefined()
  })

  it('import in every form, and say where only types cross', () => {
    const text = [
      "import { a } from '../value.js'",
      "import type { B } from '../type.js'",
      "import { type C, type D } from '../types.js'",
      "import { type E, f } from '../both.js'",
      "export * from '../all.js'",
      "export type { G } from '../exported.js'",
      "const late = await import('../late.js')",
      "const h: import('../named.js').H = late.h",
      "import { package } from 'package'",
    ].join('\n')
    expect(importsOf('src/room/file.ts', text)).toEqual([
      { to: 'src/value.ts', isType: false },
      { to: 'src/type.ts', isType: true },
      { to: 'src/types.ts', isType: true },
      { to: 'src/both.ts', isType: false },
      { to: 'src/all.ts', isType: false },
      { to: 'src/exported.ts', isType: true },
      { to: 'src/late.ts', isType: false },
      { to: 'src/named.ts', isType: true },
    ])
  })

  it('form a cycle, however long, or none', () => {
    const tree = new Map([
      ['a', new Set(['b', 'c'])],
      ['b', new Set(['c'])],
      ['c', new Set(['d'])],
    ])
    expect(cycleIn(tree)).toBeNull()
    expect(cycleIn(new Map([...tree, ['d', new Set(['b'])]]))).toEqual(['b', 'c', 'd', 'b'])
  })
})
