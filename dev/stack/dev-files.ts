import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ownDirectory } from '../../src/checkout.js'
import { connectionFiles } from './connection-files.js'
import type { Stack } from './start-stack.js'

/** Files for commands against a running stack. */
export interface DevFiles {
  readonly directory: string
  /** For a shell to source. */
  readonly environment: string
  /** For `lbsync connection apply`. */
  readonly connections: readonly string[]
  remove(): Promise<void>
}

/** Writes them into a new directory that only this user may read, because they contain the stand-ins' secrets. */
export async function writeDevFiles({ env, foreign, places }: Stack): Promise<DevFiles> {
  const directory = await ownDirectory(tmpdir(), 'lbsync-dev')
  const environment = join(directory, 'env.sh')
  await writeFile(
    environment,
    `${[...foreign.map((name) => `unset ${name}`), ...exportLines(env)].join('\n')}\n`,
  )
  const { dynamics, online, onsite } = connectionFiles(places)
  const connections = await Promise.all(
    [dynamics, online, onsite].flatMap((file) =>
      file === null ? [] : [writeJson(join(directory, `${file.connectionId}.json`), file)],
    ),
  )
  return {
    directory,
    environment,
    connections,
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}

function exportLines(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).map(
    ([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'`,
  )
}

async function writeJson(path: string, content: unknown): Promise<string> {
  await writeFile(path, `${JSON.stringify(content, null, 2)}\n`)
  return path
}
