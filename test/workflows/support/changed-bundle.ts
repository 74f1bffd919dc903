import { execFile } from 'node:child_process'
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { bareEnvironment, cacheDir, checkoutRoot, ownDirectory } from '../../../src/checkout.js'

/**
 * The workflows' code as a build makes it from changed sources.
 * @param file below `src`.
 * @param changes what takes the place of each text, which must be there once.
 */
export async function bundleOfChanged(
  file: string,
  changes: Readonly<Record<string, string>>,
): Promise<string> {
  // In the checkout, where packages are found.
  const work = await ownDirectory(cacheDir, 'changed-sources')
  try {
    await cp(`${checkoutRoot}src`, `${work}/src`, { recursive: true })
    await cp(`${checkoutRoot}package.json`, `${work}/package.json`)
    let source = await readFile(`${work}/src/${file}`, 'utf8')
    for (const [text, by] of Object.entries(changes)) {
      const parts = source.split(text)
      if (parts.length !== 2) {
        throw new Error(`${file} has ${parts.length - 1} times: ${text}`)
      }
      source = parts.join(by)
    }
    await writeFile(`${work}/src/${file}`, source)
    const args = ['--import', 'tsx', `${work}/src/workers/bundle-workflows.ts`, `${work}/bundle.js`]
    await promisify(execFile)(process.execPath, args, { cwd: checkoutRoot, env: bareEnvironment() })
    return await readFile(`${work}/bundle.js`, 'utf8')
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
