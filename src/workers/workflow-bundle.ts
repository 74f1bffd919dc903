import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { bareEnvironment, cacheDir, ownDirectory } from '../checkout.js'
import { readEnvironment } from '../config/environment/environment.js'
import type { Variables } from '../config/environment/sections.js'

const SOURCES = new URL('../', import.meta.url)
/** Makes the bundle in a checkout. */
const BUNDLER = new URL('bundle-workflows.ts', import.meta.url)
/** Written by `npm run build`, for the container image. */
const PREBUILT = fileURLToPath(new URL('workflow-bundle.js', SOURCES))
/** Folders that the workflows' code may come from (the directions in docs/architecture.md). */
const PARTS = ['workflows', 'contracts', 'domain'] as const

/**
 * The workflows' code for the worker: prebuilt in a build; in a checkout bundled by a separate process, and kept until
 * a source changes.
 */
export async function workflowBundle(): Promise<{ readonly codePath: string }> {
  if (existsSync(PREBUILT)) {
    return { codePath: PREBUILT }
  }
  const codePath = `${cacheDir}/workflow-bundle-${await fingerprint()}.js`
  await cacheBundle(codePath, async (target) => {
    const args = ['--import', 'tsx', fileURLToPath(BUNDLER), target]
    await promisify(execFile)(process.execPath, args, { env: bareEnvironment() })
  })
  return { codePath }
}

/**
 * Creates the file at `path` unless it is there and complete, by the checksum kept beside it. It is written elsewhere
 * and moved into place, because two workers that start at the same time may both write it.
 */
export async function cacheBundle(
  path: string,
  make: (target: string) => Promise<unknown>,
): Promise<void> {
  const kept = await readFile(path).catch(() => null)
  const sum = await readFile(`${path}.sha256`, 'utf8').catch(() => null)
  if (kept !== null && sum === sumOf(kept)) {
    return
  }
  await mkdir(dirname(path), { recursive: true })
  const work = await ownDirectory(dirname(path), 'workflow-bundle.partial')
  try {
    await make(`${work}/code`)
    await writeFile(`${work}/sum`, sumOf(await readFile(`${work}/code`)))
    await rename(`${work}/sum`, `${path}.sha256`)
    await rename(`${work}/code`, path)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

function sumOf(code: Buffer): string {
  return createHash('sha256').update(code).digest('hex')
}

/** Hash of every source that may be in the bundle, of the bundler, and of the packages. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256')
  for (const file of [new URL('../package.json', SOURCES), BUNDLER]) {
    hash.update(await readFile(file))
  }
  for (const part of PARTS) {
    const folder = new URL(`${part}/`, SOURCES)
    const names = (await readdir(folder, { recursive: true })).filter((n) => n.endsWith('.ts'))
    for (const name of names.sort()) {
      hash.update(name).update(await readFile(new URL(name, folder)))
    }
  }
  return hash.digest('hex').slice(0, 16)
}

/**
 * The build id of this process: `BUILD_ID` if it is set, else the version of package.json with a hash of all our code
 * and of the packages that it requires. Equal code has an equal build id.
 * @throws AppError `environment_invalid`.
 */
export async function readBuildId(variables: Variables = process.env): Promise<string> {
  return readEnvironment(['build'], variables).build.id ?? (await ofCode())
}

async function ofCode(): Promise<string> {
  const text = await readFile(new URL('../package.json', SOURCES), 'utf8')
  const { version } = JSON.parse(text) as { readonly version: string }
  const hash = createHash('sha256').update(text)
  const names = await readdir(SOURCES, { recursive: true })
  for (const name of names.filter((n) => /\.(ts|js|mjs|sql)$/.test(n)).sort()) {
    hash.update(name).update(await readFile(new URL(name, SOURCES)))
  }
  return `${version}-${hash.digest('hex').slice(0, 12)}`
}
