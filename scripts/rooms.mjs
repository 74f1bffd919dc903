/** What a room of src is, and what a file imports. */
import path from 'node:path'
import ts from 'typescript'

/** Folders whose subfolders are rooms. */
export const SPLIT = ['src', 'src/sync', 'src/ledger', 'src/workflows', 'src/crm', 'src/config']

/**
 * The room of a file: the deepest folder above it that is one.
 * @param {string} file from the root. @param {readonly string[]} split folders whose subfolders are rooms.
 * @returns {string | undefined} a folder from the root; undefined for a file beside the rooms of src.
 */
export function roomOf(file, split = SPLIT) {
  const parts = file.split('/')
  return parts
    .map((_, depth) => parts.slice(0, depth).join('/'))
    .findLast((folder) => split.includes(path.posix.dirname(folder)))
}

/**
 * The files of the checkout that a file imports, exports from, or loads by `import('…')`.
 * @param {string} file from the root. @param {string} text of the file.
 * @returns {readonly { to: string, isType: boolean }[]} `isType`: only types cross, so nothing is loaded.
 */
export function importsOf(file, text) {
  const found = []
  const add = (specifier, isType) => {
    if (specifier && ts.isStringLiteral(specifier) && specifier.text.startsWith('.')) {
      const to = path.posix.join(path.posix.dirname(file), specifier.text)
      found.push({ to: to.replace(/\.js$/, '.ts'), isType })
    }
  }
  const visit = (node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier, isOfTypes(node))
    } else if (ts.isImportTypeNode(node)) {
      add(node.argument.literal, true)
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false)
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest))
  return found
}

/** Whether a declaration, or each name in it, is a type. */
function isOfTypes(node) {
  const clause = node.importClause ?? node
  const named = node.importClause ? clause.namedBindings : node.exportClause
  const names = clause.name ? [] : (named?.elements ?? [])
  return clause.isTypeOnly === true || (names.length > 0 && names.every((name) => name.isTypeOnly))
}

/**
 * A cycle of a graph. @param {ReadonlyMap<string, ReadonlySet<string>>} edges
 * @returns {readonly string[] | null} its nodes in order, the first one again at the end; null: there is none.
 */
export function cycleIn(edges) {
  const left = new Set()
  const walk = (node, way) => {
    const at = way.indexOf(node)
    if (at !== -1) {
      return [...way.slice(at), node]
    }
    if (left.has(node)) {
      return null
    }
    for (const next of edges.get(node) ?? []) {
      const found = walk(next, [...way, node])
      if (found) {
        return found
      }
    }
    left.add(node)
    return null
  }
  for (const node of edges.keys()) {
    const found = walk(node, [])
    if (found) {
      return found
    }
  }
  return null
}
