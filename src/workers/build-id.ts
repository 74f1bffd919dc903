import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { readEnvironment } from '../config/environment/environment.js'
import type { Variables } from '../config/environment/sections.js'

const SOURCES = new URL('../', import.meta.url)

/**
 * The build that this process runs, as Temporal tells builds apart: `BUILD_ID` where it is set, else the version of
 * package.json with a hash of all our code and of the packages that it asks for. Equal code has an equal build id.
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
