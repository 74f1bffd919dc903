import { readFile } from 'node:fs/promises'
import { describe, expect, it } from '@jest/globals'
import { stepsOf } from '../../src/activities/setup/steps-of.js'
import { CRM_DRIVERS } from '../../src/crm/registry.js'
import { checkoutRoot } from '../../src/checkout.js'
import { recheckAfterMs } from '../../src/workflows/setup/recheck.js'
import { PAUSE_CODES, pauseWith, SETUP_ACTIONS } from '../support/pauses-of-all.js'

const read = (name: string) => readFile(`${checkoutRoot}docs/${name}`, 'utf8')
const setup = await read('setup.md')
const driving = await read('driving.md')

/** Cells of the table row that begins with this name. */
function rowOf(text: string, name: string): string[] {
  const row = text.split('\n').find((line) => line.startsWith(`| \`${name}\``))
  return (row ?? '').split('|').map((cell) => cell.trim())
}

describe('docs/setup.md', () => {
  it.each(PAUSE_CODES)('says what %s means, its choices, and whether it looks again', (code) => {
    const [, , means, seen, choices, again] = rowOf(setup, code)
    expect([means, seen]).not.toContain('')
    for (const [, choice] of (choices ?? '').matchAll(/`(\w+)`/g)) {
      expect(SETUP_ACTIONS).toContain(choice)
    }
    expect(choices).toContain('`abort`')
    expect([code, again]).toEqual([
      code,
      recheckAfterMs(pauseWith(code), 0) === null ? 'no' : 'yes',
    ])
  })

  it.each(SETUP_ACTIONS)('says what %s does', (action) => {
    expect(rowOf(setup, action)[2]).toBeTruthy()
  })

  it.each([...CRM_DRIVERS.values()].map((driver) => [driver.crm, driver] as const))(
    'and docs/driving.md list the steps of %s',
    (_crm, driver) => {
      const ids = stepsOf(driver).map(({ id }) => id)
      for (const id of ids) {
        expect(setup).toContain(`\`${id}\``)
      }
      const list = ids.map((id) => `\`${id}\``).join(', ')
      expect(driving.replaceAll(/\s+/g, ' ')).toContain(`${list}.`)
    },
  )

  it('names every code of a pause in docs/driving.md', () => {
    const list = PAUSE_CODES.map((code) => `\`${code}\``).join(', ')
    expect(driving.replaceAll(/\s+/g, ' ')).toContain(`Codes of pauses: ${list}.`)
  })
})
