import { expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'

/** What a seed's world finds, with a mutant in the product or without. */
function findingsOf(seed: string, mutant: readonly string[]): readonly string[] {
  const args = ['--import', 'tsx', 'simulation/main.ts', '--seed', seed, '--lives', '60', ...mutant]
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 28 })
  const lines = stdout.split('\n')
  expect(lines.filter((line) => line.startsWith('{"seed"'))).toHaveLength(1)
  return lines
    .filter((line) => line.startsWith('  {"oracle"'))
    .map((line) => (JSON.parse(line) as { oracle: string }).oracle)
}

it('finds nothing in a world in which it finds mutants', () => {
  expect(findingsOf('2', [])).toEqual([])
}, 480_000)

it.each([
  ['list', 'list'],
  ['feed', 'list'],
  ['late feed', 'list'],
  ['intent', 'evidence'],
])(
  'finds the mutant "%s" by the oracle "%s"',
  (mutant, oracle) => {
    expect(findingsOf('2', ['--mutant', mutant])).toContain(oracle)
  },
  480_000,
)
