import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { cacheBundle } from '../../src/workers/workflow-bundle.js'

describe("the workflows' bundle that a checkout keeps", () => {
  let cache: string
  let made: number
  const path = () => join(cache, 'bundle.js')
  const keep = () =>
    cacheBundle(path(), async (target) => {
      made += 1
      await writeFile(target, 'all of it')
    })

  beforeEach(async () => {
    cache = join(await mkdtemp(join(tmpdir(), 'lbsync-bundle-')), 'cache')
    made = 0
  })
  afterEach(() => rm(join(cache, '..'), { recursive: true }))

  it('is made once, and leaves nothing else', async () => {
    await keep()
    await keep()
    expect(made).toBe(1)
    expect((await readdir(cache)).sort()).toEqual(['bundle.js', 'bundle.js.sha256'])
  })

  it.each<readonly [string, () => Promise<unknown>]>([
    ['cut short', () => truncate(path(), 3)],
    ['of the same size, and wrong', () => writeFile(path(), 'all of IT')],
    ['missing', () => rm(path())],
    ['without its sum', () => rm(`${path()}.sha256`)],
  ])('is created again where it is %s', async (_, damage) => {
    await keep()
    await damage()
    await keep()
    await keep()
    expect([made, await readFile(path(), 'utf8')]).toEqual([2, 'all of it'])
  })

  it('is not kept where making it fails', async () => {
    const failed = cacheBundle(path(), async (target) => {
      await writeFile(target, 'half')
      throw new Error('killed')
    })
    await expect(failed).rejects.toThrow('killed')
    expect(await readdir(cache)).toEqual([])
  })
})
