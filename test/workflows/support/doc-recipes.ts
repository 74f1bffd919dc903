import { readFile } from 'node:fs/promises'

/** A command of a document, and the texts that its output must contain. */
export interface Recipe {
  /** Heading of its section. */
  readonly section: string
  readonly command: string
  readonly expected: readonly string[]
  /** Texts that it contains sooner or later: the command is repeated until then. */
  readonly awaited: readonly string[]
}

const FENCE = /^```sh runnable\n([\s\S]*?)^```$/gm

/**
 * Commands in the blocks headed `sh runnable`, in order. Lines that begin with `#>` or `#>>` state the expected output.
 */
export async function recipesOf(documentPath: string): Promise<Recipe[]> {
  const text = await readFile(documentPath, 'utf8')
  return [...text.matchAll(FENCE)].flatMap((block) => {
    const section =
      text
        .slice(0, block.index)
        .match(/^## .*$/gm)
        ?.at(-1) ?? ''
    return recipesIn(block[1]!).map((recipe) => ({ section: section.slice(3), ...recipe }))
  })
}

function recipesIn(block: string): Omit<Recipe, 'section'>[] {
  const recipes: { command: string; expected: string[]; awaited: string[] }[] = []
  for (const line of block
    .replaceAll(/\\\n\s*/g, '')
    .trim()
    .split('\n')) {
    if (line.startsWith('#>>')) {
      recipes.at(-1)!.awaited.push(line.slice(3).trim())
    } else if (line.startsWith('#>')) {
      recipes.at(-1)!.expected.push(line.slice(2).trim())
    } else {
      recipes.push({ command: line, expected: [], awaited: [] })
    }
  }
  return recipes
}
