import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, it } from '@jest/globals'
import { checkoutRoot } from '../../src/checkout.js'
import { blocksOf } from '../support/documents.js'

it.each([
  ['docs/simulators.md', await blocksOf('docs/simulators.md', 'sh')],
  ['docs/simulators-superoffice.md', await blocksOf('docs/simulators-superoffice.md', 'sh')],
])(
  'a stand-in starts as %s shows, and says what the page says',
  async (page, blocks) => {
    expect(blocks).toHaveLength(1)
    const [shown] = (await blocksOf(page, 'json'))[0]!.split(/\n(?=\{)/)
    const child = spawn('/bin/sh', ['-c', `exec ${blocks[0]}`], {
      cwd: checkoutRoot,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const ended = once(child, 'close')
    const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), ended])
    child.stdin.end()
    expect(keysOf(JSON.parse(String(line)))).toEqual(keysOf(JSON.parse(shown!)))
    expect(await ended).toEqual([0, null])
  },
  60_000,
)

/** The names of all fields, as paths. */
function keysOf(value: unknown, path = ''): string[] {
  return typeof value === 'object' && value !== null
    ? Object.entries(value)
        .flatMap(([key, held]) => keysOf(held, `${path}.${key}`))
        .sort()
    : [path]
}
