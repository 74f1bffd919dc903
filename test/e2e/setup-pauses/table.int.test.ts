import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import { checkoutRoot } from '../../../src/checkout.js'
import { PAUSE_CODES } from '../../support/pauses-of-all.js'
import { DYNAMICS_PLACES } from './dynamics-places.js'
import { SUPEROFFICE_PLACES } from './superoffice-places.js'

const PLACES = [...DYNAMICS_PLACES, ...SUPEROFFICE_PLACES]
const setup = await readFile(`${checkoutRoot}docs/setup.md`, 'utf8')

/** Choices that the table of docs/setup.md names for a pause. */
function documented(code: string): string[] {
  const row = setup.split('\n').find((line) => line.startsWith(`| \`${code}\``)) ?? ''
  const [, , , , choices = ''] = row.split('|')
  return [...choices.matchAll(/`(\w+)`/g)].map(([, choice]) => String(choice)).sort()
}

describe('the cases of set-up’s pauses', () => {
  it.each(PAUSE_CODES)('reach %s, with the choices that docs/setup.md lists', (code) => {
    const tried = PLACES.filter((place) => place.code === code).flatMap(({ choices }) =>
      Object.keys(choices),
    )
    expect([...new Set(tried)].sort()).toEqual(documented(code))
  })

  it('are those of docs/setup-pauses.md', async () => {
    const script = ['--import', 'tsx', 'scripts/generate-setup-pauses.mjs', '--check']
    const options = { cwd: checkoutRoot, env: { ...process.env, NODE_OPTIONS: '' } }
    await expect(promisify(execFile)(process.execPath, script, options)).resolves.toMatchObject({
      stderr: '',
    })
  })
})
