import { readFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { provisionTimeoutMs } from '../support/ask-broker.js'
import { workflowBundle } from '../support/workflow-bundle.js'

/** Characters of the bundle without its source map; over half of them are the SDK's. */
const MAX_CHARACTERS = 880_000

/** Packages that the SDK brings into every bundle. */
const PACKAGES = ['@temporalio/common', '@temporalio/workflow', 'long', 'ms', 'nexus-rpc']

describe('the workflow bundle', () => {
  let code: string
  let modules: string[]

  beforeAll(async () => {
    const bundled = await readFile((await workflowBundle()).codePath, 'utf8')
    code = bundled.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '')
    // Each module starts with its name; only the name remains of an omitted one.
    modules = [...code.matchAll(/^ {2}!\*\*\* (.+) \*\*\*!$/gm)].map(([, name]) => name!)
  }, provisionTimeoutMs)

  it('is of our workflows, contracts and domain only, and of the SDK', () => {
    expect(modules).toContain('./src/workflows/pre-send/index.ts')
    // Without it a payload that nobody can decode would stop a workflow.
    expect(modules).toContain('./src/contracts/payload-converter.ts')
    const known = ['src/workflows/', 'src/contracts/', 'src/domain/', ...PACKAGES.map(inModules)]
    const strangers = modules.filter(
      (path) => !known.some((start) => path.startsWith(`./${start}`)),
    )
    // Packages such as zod and pino get in unnoticed, and cost memory in every cached workflow.
    expect(strangers.filter((path) => !CONVERTERS.test(path))).toEqual([])
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
  })
})

const inModules = (name: string) => `node_modules/${name}/`

/** We have no failure converter of our own, so the SDK's bundler omits it. */
const CONVERTERS = /^__temporal_custom_failure_converter \(ignored\)$/
