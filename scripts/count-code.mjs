/**
 * Counts the code that ships or runs in a checkout: the TypeScript files under src, dev and demo.
 *
 *   node scripts/count-code.mjs [folder of another checkout]
 *
 * Prints files, lines, lines without blank ones and comments, and the files that exactly one other of them imports.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { importsOf } from './rooms.mjs'

const root = process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url))
const files = ['src', 'dev', 'demo']
  .filter((folder) => existsSync(path.join(root, folder)))
  .flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name.split(path.sep).join('/')}`),
  )

let lines = 0
let code = 0
const readers = new Map(files.map((file) => [file, new Set()]))
for (const file of files) {
  const text = readFileSync(path.join(root, file), 'utf8')
  lines += text.split('\n').length - 1
  code += linesOfCode(file, text)
  for (const { to } of importsOf(file, text)) {
    readers.get(to)?.add(file)
  }
}
const one = [...readers.values()].filter((of) => of.size === 1).length
const share = ((100 * one) / files.length).toFixed(1)
process.stdout.write(
  `files ${files.length}\nlines ${lines}\nlines of code ${code}\nwith one reader ${one} (${share} %)\n`,
)

/** Lines with a word of the language on them, or a part of a text. */
function linesOfCode(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest)
  const taken = new Set()
  const visit = (node) => {
    const parts = node.getChildren(source).filter((child) => !ts.isJSDoc(child))
    if (parts.length === 0 && node.getWidth(source) > 0) {
      const last = source.getLineAndCharacterOfPosition(node.getEnd()).line
      for (
        let at = source.getLineAndCharacterOfPosition(node.getStart(source)).line;
        at <= last;
        at += 1
      ) {
        taken.add(at)
      }
    }
    parts.forEach(visit)
  }
  visit(source)
  return taken.size
}
