import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'

/** Folders that are split into rooms themselves. */
const SPLIT = ['src', 'src/sync', 'src/ledger', 'src/workflows', 'src/crm', 'src/config']

/** Rooms that have no page: each says what it is for, its way in, and what it may touch. @returns one line each. */
export function roomFaults(root) {
  return SPLIT.flatMap((folder) =>
    readdirSync(path.join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${folder}/${name}/README.md`)
      .filter((page) => !existsSync(path.join(root, page)))
      .map((page) => `${page}: the room has no page`),
  )
}
