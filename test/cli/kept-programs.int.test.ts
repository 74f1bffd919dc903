import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  symlink,
  truncate,
  watch,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { bareEnvironment, checkoutRoot } from '../../src/checkout.js'

/** Prints the content of a file beside it, and the source line from which an error comes. */
const MAIN = `import { readFileSync } from 'node:fs'
import { told } from './told.js'

class Refused extends Error {}
const beside = readFileSync(new URL('./beside.txt', import.meta.url), 'utf8')
const at = /dev.main\\.ts:\\d+/.exec(new Refused().stack ?? '')?.[0] ?? new Refused().stack
console.log(told, beside, Refused.name, at, process.argv.slice(2).join())
`
const SAID = 'first beside Refused dev/main.ts:6 a,b'

describe('the programs of a checkout', () => {
  let checkout: string
  const source = (name: string, text: string) => writeFile(`${checkout}/dev/${name}`, text)
  const say = async () => {
    const args = ['bin/lbsync.mjs', 'a', 'b']
    const options = { cwd: checkout, env: bareEnvironment() }
    return (await promisify(execFile)(process.execPath, args, options)).stdout.trim()
  }
  const kept = async () =>
    (await readdir(`${checkout}/.cache`)).filter((name) => name !== 'programs-last.json').sort()

  beforeEach(async () => {
    // Its path is escaped in file URLs, and would be an invalid pattern.
    checkout = await mkdtemp(`${tmpdir()}/lbsync a c++ (checkout)-`)
    for (const name of ['bin', 'package.json']) {
      await cp(`${checkoutRoot}${name}`, `${checkout}/${name}`, { recursive: true })
    }
    await symlink(`${checkoutRoot}node_modules`, `${checkout}/node_modules`)
    for (const part of ['demo', 'dev', 'simulators', 'src']) {
      await mkdir(`${checkout}/${part}`)
    }
    await source('main.ts', MAIN)
    await source('told.ts', `export const told: string = 'first'`)
    await source('beside.txt', 'beside')
  })
  afterEach(() => rm(checkout, { recursive: true, force: true }))

  it('are bundled once, and go where the checkout goes', async () => {
    expect(await say()).toBe(SAID)
    const [folder, ...others] = await kept()
    expect([folder, others]).toEqual([expect.stringMatching(/^programs-[0-9a-f]{16}$/), []])
    await rename(checkout, `${checkout} moved`)
    checkout += ' moved'
    expect(await say()).toBe(SAID)
    expect(await kept()).toEqual([folder])
  })

  it('are never older than a source', async () => {
    await say()
    await source('told.ts', `export const told: string = 'other'`)
    expect(await say()).toBe(SAID.replace('first', 'other'))
    await source('told.ts', `export const told: string = 'first'`)
    expect(await say()).toBe(SAID)
    expect(await kept()).toHaveLength(2)
  })

  it.each<readonly [string, (folder: string) => Promise<unknown>]>([
    ['cut short', (folder) => truncate(`${folder}/dev.main.mjs`, 3)],
    ['without a file', (folder) => rm(`${folder}/dev.main.mjs`)],
    ['without its sum', (folder) => rm(`${folder}/sum`)],
    ['changed', (folder) => appendFile(`${folder}/dev.main.mjs`, '\nconsole.log("more")')],
  ])('are bundled again where the bundle is %s', async (_, damage) => {
    await say()
    const folders = await kept()
    await damage(`${checkout}/.cache/${folders[0]}`)
    expect(await say()).toBe(SAID)
    expect(await kept()).toEqual(folders)
  })

  it('are found again where what was noted of the last start is damaged', async () => {
    await say()
    await truncate(`${checkout}/.cache/programs-last.json`, 3)
    expect(await say()).toBe(SAID)
    expect(await kept()).toHaveLength(1)
  })

  it('are never older than the packages', async () => {
    const installed = (version: string) =>
      writeFile(`${checkout}/node_modules/asked/index.js`, `export const version = '${version}'`)
    await rm(`${checkout}/node_modules`)
    await mkdir(`${checkout}/node_modules/asked`, { recursive: true })
    await symlink(`${checkoutRoot}node_modules/esbuild`, `${checkout}/node_modules/esbuild`)
    const npm = (version: string) =>
      writeFile(`${checkout}/node_modules/.package-lock.json`, JSON.stringify({ asked: version }))
    await writeFile(
      `${checkout}/node_modules/asked/package.json`,
      JSON.stringify({ name: 'asked', type: 'module', exports: './index.js' }),
    )
    await source('told.ts', `import { version } from 'asked'\nexport const told: string = version`)
    await installed('first')
    await npm('1.0.0')
    expect(await say()).toBe(SAID)
    await installed('other')
    await npm('1.0.1')
    expect(await say()).toBe(SAID.replace('first', 'other'))
  })

  it('are bundled by all that start at the same time, and kept once', async () => {
    expect(await Promise.all([say(), say(), say()])).toEqual([SAID, SAID, SAID])
    expect(await kept()).toHaveLength(1)
  })

  it.each(['SIGINT', 'SIGKILL'] as const)(
    'leave nothing to the next start where %s came while they were bundled',
    async (signal) => {
      // The bundler waits for a writer: a pipe with a name.
      await source('main.ts', `import './slow.js'\n${MAIN}`)
      execFileSync('mkfifo', [`${checkout}/dev/slow.js`])
      await mkdir(`${checkout}/.cache`)
      const begun = watch(`${checkout}/.cache`)[Symbol.asyncIterator]()
      const child = spawn(process.execPath, ['bin/lbsync.mjs', 'a', 'b'], {
        cwd: checkout,
        env: bareEnvironment(),
      })
      const [said, ended] = [text(child.stderr), once(child, 'close')]
      await begun.next()
      await begun.return?.()
      child.kill(signal)
      expect(await ended).toEqual(signal === 'SIGINT' ? [130, null] : [null, signal])
      const words = signal === 'SIGINT' ? 'Error interrupted: Interrupted by SIGINT.\n' : ''
      expect(await said).toBe(words)
      expect(await kept()).toEqual([expect.stringContaining(`.partial-${child.pid}-`)])
      await rm(`${checkout}/dev/slow.js`)
      await source('slow.js', '')
      expect(await say()).toBe(SAID.replace('main.ts:6', 'main.ts:7'))
      expect(await kept()).toEqual([expect.stringMatching(/^programs-[0-9a-f]{16}$/)])
    },
  )

  it('show where an error comes from, however roughly, after the bundle was deleted', async () => {
    const deleted = `import { rmSync } from 'node:fs'
rmSync('.cache', { recursive: true })
console.log(typeof new Error('gone').stack, (new Error('gone').stack ?? '').split('\\n')[0])
`
    await source('main.ts', deleted)
    expect(await say()).toBe('string Error: gone')
  })

  it('run from their sources where nothing can be kept', async () => {
    await writeFile(`${checkout}/.cache`, 'no folder')
    expect(await say()).toBe(SAID)
  })

  it('that are no TypeScript say so as their sources do', async () => {
    await source('told.ts', 'export const = 1')
    await expect(say()).rejects.toThrow(/told\.ts:1:13/)
  })
})
