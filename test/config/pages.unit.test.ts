import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import { parseConnectionFile } from '../../src/config/connection/parse-connection-file.js'
import { CRM_DRIVERS } from '../../src/crm/registry.js'
import { checkoutRoot } from '../../src/checkout.js'
import { blocksOf } from '../support/documents.js'

const read = (name: string) => readFile(`${checkoutRoot}${name}`, 'utf8')

/** The table of docs/configuration.md. */
async function documentedVariables(): Promise<string[]> {
  const [, table] = /^\| Variable .*\n([^]*?)\n\n/m.exec(await read('docs/configuration.md'))!
  return [...table!.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, name]) => name!)
}

describe('what the pages give to copy', () => {
  it.each(['README.md', 'docs/configuration.md'])(
    '%s: the connection file is one, with the variables of .env.example',
    async (page) => {
      const [file] = (await blocksOf(page, 'json')).filter((block) => block.includes('"crm"'))
      const env = { ACME_SECRET: 'secret' }
      expect(await read('.env.example')).toContain('\nACME_SECRET=\n')
      const drivers = [...CRM_DRIVERS.values()]
      const parsed = parseConnectionFile(file!, 'acme.json', {
        drivers,
        env,
        allowLoopbackHttp: false,
      })
      expect(parsed).toMatchObject({ connectionId: 'acme-dynamics', crm: 'dynamics' })
    },
  )

  it('.env.example is loaded as README.md shows', async () => {
    const [, load] = /load it: `(set -a;[^`]+)`/.exec(await read('README.md'))!
    const command = `${load!.replace('./.env', './.env.example')}; env`
    const { stdout } = await promisify(execFile)('/bin/sh', ['-ec', command], { cwd: checkoutRoot })
    expect(stdout).toMatch(/^DATABASE_URL=postgres:/m)
    expect(stdout).toMatch(/^PUBLIC_URL=https:/m)
  })

  it('.env.example and docker-compose.yml have every variable that is documented', async () => {
    const [example, compose] = [await read('.env.example'), await read('docker-compose.yml')]
    const names = await documentedVariables()
    expect(names.length).toBeGreaterThan(10)
    const inExample = (name: string) => new RegExp(`^(?:# )?${name}=`, 'm').test(example)
    expect(names.filter((name) => !inExample(name))).toEqual([])
    // Compose sets the location of the database itself.
    const passedOn = (name: string) => name === 'DATABASE_URL' || compose.includes(`\${${name}`)
    expect(names.filter((name) => !passedOn(name))).toEqual([])
  })
})
