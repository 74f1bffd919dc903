import { describe, expect, it } from '@jest/globals'
import { stepsOf } from '../../src/activities/setup/steps-of.js'
import { dynamicsDriver } from '../../src/crm/dynamics/driver.js'
import {
  begun,
  ended,
  newBoard,
  remainingSecondsOf,
  worked,
  type Board,
} from '../../src/workflows/steps/board.js'

/** Seconds measured with `lbsync dev --pace real` on 22 November 2026; steps that are not named took less than one. */
const MEASURED: Readonly<Record<string, number>> = {
  publisher: 4,
  tables: 153,
  keys: 33,
  relationships: 57,
  view: 8,
  form: 9,
  publish: 61,
  webhooks: 15,
}

/** The estimate after this many seconds: as of the start of the running step, unless that reports its share. */
function shownAfter(seconds: number, durations: Readonly<Record<string, number>>): number {
  let board: Board = newBoard(stepsOf(dynamicsDriver))
  let atSeconds = 0
  for (const { status } of board) {
    const { id } = status
    const took = durations[id] ?? 0.5
    board = begun(board, id, atSeconds * 1_000)
    if (atSeconds + took > seconds) {
      const share = id === 'firstSync' ? (seconds - atSeconds) / took : 0
      return remainingSecondsOf(board, share, seconds * 1_000)
    }
    atSeconds += took
    board = ended(worked(board, id, took * 1_000), id, 'done', null, atSeconds * 1_000)
  }
  return 0
}

describe('the time that set-up says is left', () => {
  it.each([
    ['no contacts', 1],
    ['contacts for a minute', 60],
    ['contacts for three minutes', 180],
  ])('is at most twice off, either way, with %s', (_what, firstSync) => {
    const durations: Readonly<Record<string, number>> = { ...MEASURED, firstSync }
    const steps = stepsOf(dynamicsDriver)
    const whole = steps.reduce((sum, { id }) => sum + (durations[id] ?? 0.5), 0)
    for (const share of [0.2, 0.5, 0.8]) {
      const factor = shownAfter(whole * share, durations) / (whole * (1 - share))
      expect(factor).toBeGreaterThan(0.5)
      expect(factor).toBeLessThan(2)
    }
  })

  it('follows the share of contacts, once the first sync has reported one', () => {
    const durations = { ...MEASURED, firstSync: 1_000 }
    const before = Object.values(MEASURED).reduce((sum, seconds) => sum + seconds, 0)
    expect(shownAfter(before + 500, durations)).toBeGreaterThan(450)
    expect(shownAfter(before + 500, durations)).toBeLessThan(550)
  })
})
