import { readdirSync } from 'node:fs'

/** Loads every module that may have a schema of an answer, because schemas are registered when they are loaded. */
const root = new URL('../../src/', import.meta.url)
for (const folder of ['crm/', 'emarketeer/', 'http/']) {
  const files = readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
  for (const file of files.filter((name) => name.endsWith('.ts'))) {
    await import(new URL(folder + file, root).href)
  }
}
