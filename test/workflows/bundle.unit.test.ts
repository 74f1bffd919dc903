import { readFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { checkoutRoot } from '../../src/checkout.js'
import { provisionTimeoutMs } from '../support/ask-broker.js'
import { workflowBundle } from '../support/workflow-bundle.js'

/** Characters of the bundle without its source map; over half of them are the SDK's. */
const MAX_CHARACTERS = 480_000
/** Characters of the source map: positions and names of files, without the sources. */
const MAX_MAP = 350_000

/** Packages that the SDK brings into every bundle. */
const PACKAGES = ['@temporalio/common', '@temporalio/workflow', 'long', 'ms', 'nexus-rpc']

describe('the workflow bundle', () => {
  let code: string
  let map: { readonly sources: readonly string[]; readonly sourcesContent?: unknown }
  let mapSize: number
  let modules: string[]

  beforeAll(async () => {
    const bundled = await readFile((await workflowBundle()).codePath, 'utf8')
    const [before, encoded] = bundled.split(MAP_COMMENT)
    code = before!
    mapSize = encoded!.length
    map = JSON.parse(Buffer.from(encoded!, 'base64').toString()) as typeof map
    modules = map.sources.map(moduleOf)
  }, provisionTimeoutMs)

  it('is of our workflows, contracts and domain only, and of the SDK', () => {
    expect(modules).toContain('src/workflows/pre-send/index.ts')
    // Without it a payload that nobody can decode would stop a workflow.
    expect(modules).toContain('src/contracts/payload-converter.ts')
    const known = ['src/workflows/', 'src/contracts/', 'src/domain/', ...PACKAGES.map(inModules)]
    const strangers = modules.filter((path) => !known.some((start) => path.startsWith(start)))
    // Packages such as zod and pino get in unnoticed, and cost memory in every cached workflow.
    expect(strangers.filter((path) => !OF_THE_BUNDLER.test(path))).toEqual([])
  })

  it.each(['zod', 'pino', 'got', 'pg', 'fastify'])('holds nothing of %s', (name) => {
    expect(modules.filter((path) => path.includes(`/${name}/`))).toEqual([])
  })

  it('reaches for no builtin of Node', () => {
    const reached = modules.filter((name) =>
      builtinModules.includes(name.replace(/^node:/, '').replace(/ \(ignored\)$/, '')),
    )
    expect(reached).toEqual([])
    expect(code).not.toMatch(/\brequire\(["']/)
  })

  it('stays small', () => {
    expect(code.length).toBeLessThan(MAX_CHARACTERS)
    expect(mapSize).toBeLessThan(MAX_MAP)
    expect(map.sourcesContent).toBeUndefined()
  })
})

const inModules = (name: string) => `node_modules/${name}/`

const MAP_COMMENT = '//# sourceMappingURL=data:application/json;base64,'

/** A module's path in the checkout; an omitted one is `NAME (ignored)`. */
function moduleOf(source: string): string {
  const [kind, , name] = decodeURIComponent(source).split('|')
  return kind === 'ignored' ? `${name} (ignored)` : kind!.replace(checkoutRoot, '')
}

/** The bundler's own code, and our failure converter: we have none, so it is omitted. */
const OF_THE_BUNDLER =
  /^webpack\/(bootstrap|runtime\/[a-zA-Z ]+)$|^__temporal_custom_failure_converter \(ignored\)$/
