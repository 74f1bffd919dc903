import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { ownDirectory } from '../../src/checkout.js'
import { readTextFile } from '../../src/config/connection/json-object.js'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lbsync-json-file-'))
})

afterAll(() => rm(folder, { recursive: true }))

describe('a file that a person wrote', () => {
  it.each([
    ['latin1', 2],
    ['utf16le', 1],
  ] as const)('is refused in %s, and not read with replaced bytes', async (encoding, line) => {
    const path = join(folder, encoding)
    const start = encoding === 'utf16le' ? '\uFEFF' : ''
    await writeFile(path, `${start}{\n"password": "på\u00df"}`, encoding)
    await expect(readTextFile(path)).rejects.toMatchObject({
      code: 'file_not_json',
      message: expect.stringContaining(`is not UTF-8: look at line ${line}.`),
    })
  })

  it('is read in UTF-8, with its byte order mark', async () => {
    const path = join(folder, 'utf8')
    await writeFile(path, '\uFEFF{"password": "på\u00df"}')
    await expect(readTextFile(path)).resolves.toBe('\uFEFF{"password": "på\u00df"}')
  })
})

it('says in which place no directory can be made', async () => {
  const parent = join(folder, 'missing')
  await expect(ownDirectory(parent, 'lbsync')).rejects.toMatchObject({
    code: 'not_provisioned',
    message: expect.stringContaining(`No directory can be made in ${parent} (ENOENT).`),
  })
})
