import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'

/**
 * Writes a generated page, formatted as the others; with `--check` on the command line only looks whether it is in step,
 * and lets the process end with 1 where it is not.
 *
 * @param {string} name of the file in docs/. @param {readonly string[]} parts paragraphs, tables and headings.
 * @param {string} script that makes it, as the reader is told.
 */
export async function writeOrCheck(name, parts, script) {
  const target = fileURLToPath(new URL(`../docs/${name}`, import.meta.url))
  const text = await format(parts.join('\n\n'), {
    ...(await resolveConfig(target)),
    parser: 'markdown',
  })
  if (!process.argv.includes('--check')) {
    await writeFile(target, text)
  } else if ((await readFile(target, 'utf8').catch(() => '')) !== text) {
    process.stderr.write(`docs/${name} is out of date: run node --import tsx ${script}\n`)
    process.exitCode = 1
  }
}
