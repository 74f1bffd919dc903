import { writeFile } from 'node:fs/promises'
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker'
import { transform } from 'esbuild'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// A separate process, because bundling takes a few hundred megabytes that a worker would keep.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const target = process.argv[2]
  if (target === undefined) {
    throw new Error('usage: bundle-workflows <target>')
  }
  await writeFile(target, await bundleWorkflows())
}

/** The code of all workflows, for `Worker.create`, from the sources beside this file. */
export async function bundleWorkflows(): Promise<string> {
  // The bundler would print a page; its failures are thrown.
  const logger = new DefaultLogger('WARN')
  const { code } = await bundleWorkflowCode({
    workflowsPath: pathOf('workflows/index'),
    // For what workflows receive. Activities and clients receive only payloads that we encoded, and use Temporal's own.
    payloadConverterPath: pathOf('contracts/payload-converter'),
    logger,
  })
  return compact(code)
}

/**
 * The same code without comments and white space, with a source map of positions alone. Each queue's workflow thread
 * holds the code, its source map and what V8 makes of them (docs/performance.md, "Memory"). Names stay, since stack
 * traces and Temporal use them.
 */
async function compact(bundle: string): Promise<string> {
  const { code, map } = await transform(bundle, {
    minifyWhitespace: true,
    minifySyntax: true,
    sourcemap: 'external',
    sourcesContent: false,
  })
  // A worker that is given the code without its path takes the map's name for it, and esbuild writes none.
  const named = JSON.stringify({ ...(JSON.parse(map) as object), file: 'workflow-bundle.js' })
  const encoded = Buffer.from(named).toString('base64')
  return `${code}\n//# sourceMappingURL=data:application/json;base64,${encoded}\n`
}

/** A module of ours: TypeScript in a checkout, JavaScript in a build. */
function pathOf(module: string): string {
  const path = fileURLToPath(new URL(`../${module}.ts`, import.meta.url))
  return existsSync(path) ? path : path.replace(/\.ts$/, '.js')
}
