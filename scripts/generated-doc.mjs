import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'

/**
 * Writes a generated page in the format of the others. With `--check` on the command line it only compares the page,
 * and makes the process exit with 1 if it differs.
 * @param {string} name of the file, from docs/. @param {readonly string[]} parts paragraphs, tables and headings.
 * @param {string} script that generates it, for the reader.
 */
export async function writeOrCheck(name, parts, script) {
  const target = targetOf(name)
  const text = await formatted(target, parts.join('\n\n'))
  if (!process.argv.includes('--check')) {
    await writeFile(target, text)
  } else if ((await readFile(target, 'utf8').catch(() => '')) !== text) {
    process.stderr.write(`${pageOf(name)} is out of date: run node --import tsx ${script}\n`)
    process.exitCode = 1
  }
}

/**
 * As {@link writeOrCheck}, for a part of a page that people write, between `<!-- Made … from PART -->` and `<!-- End of
 * PART -->`.
 * @param {string} name of the file, from docs/. @param {string} part its name in the two comments. @param {string} text
 * @param {string} script that generates it.
 */
export async function writeOrCheckPart(name, part, text, script) {
  const page = await readFile(targetOf(name), 'utf8')
  const between = new RegExp(
    `(<!-- Made by ${script} from ${part}[^>]*-->\\n)[^]*(<!-- End of ${part} -->)`,
  )
  if (!between.test(page)) {
    throw new Error(`${pageOf(name)} has no place for ${part}`)
  }
  await writeOrCheck(
    name,
    [page.replace(between, (_, begin, end) => `${begin}\n${text}\n\n${end}`)],
    script,
  )
}

/** The page from the root, for messages. */
function pageOf(name) {
  return path.posix.join('docs', name)
}

function targetOf(name) {
  return fileURLToPath(new URL(`../docs/${name}`, import.meta.url))
}

async function formatted(target, text) {
  return format(text, { ...(await resolveConfig(target)), parser: 'markdown' })
}
