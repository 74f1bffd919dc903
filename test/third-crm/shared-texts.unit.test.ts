import { readFileSync, readdirSync } from 'node:fs'
import { expect, it } from '@jest/globals'
import ts from 'typescript'

/** What is about one CRM: its folder, its line in the registry, and the names of workflows that histories hold. */
const OF_ONE_CRM = /^(crm\/(dynamics|superoffice)\/|crm\/registry\.ts$)/
const IN_HISTORIES: readonly string[] = ['dynamicsSetup', 'superOfficeSetup']

/** Texts of the code, without comments and module names, that name a CRM. */
function textsNamingACrm(name: string): string[] {
  const source = ts.createSourceFile(
    name,
    readFileSync(`src/${name}`, 'utf8'),
    ts.ScriptTarget.Latest,
  )
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      return
    }
    const text = ts.isLiteralExpression(node) || ts.isTemplateLiteralToken(node) ? node.text : ''
    if (/dynamics|superoffice/i.test(text) && !IN_HISTORIES.includes(text)) {
      found.push(`${name}: ${text}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

it('no text outside the folder of a CRM names it, so that a third CRM changes none', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
  const texts = files.map((name) => [name, textsNamingACrm(name)] as const)
  const shared = texts.filter(([name]) => !OF_ONE_CRM.test(name)).flatMap(([, found]) => found)
  expect(texts.flatMap(([, found]) => found)).not.toEqual([])
  expect(shared).toEqual([])
})
