import { expect, it } from '@jest/globals'
import { transform } from 'esbuild'
import { readFile } from 'node:fs/promises'
import { MUTANTS } from '../../simulation/mutants.js'

it.each(MUTANTS)('can put the mutant "$name" into the product', async (mutant) => {
  for (const { file, from, to } of [mutant, mutant.also ?? []].flat()) {
    const text = await readFile(file, 'utf8')
    expect(text.split(from)).toHaveLength(2)
    expect(to).not.toBe(from)
    await transform(text.replace(from, to), { loader: 'ts' })
  }
})

it('gives each mutant a name of its own', () => {
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length)
})
