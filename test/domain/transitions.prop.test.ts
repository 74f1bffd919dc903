import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  moved,
  PRE_SEND_TRANSITIONS,
  STEP_TRANSITIONS,
  STEPS_PHASE_TRANSITIONS,
  type Transitions,
} from '../../src/domain/transitions.js'
import { begun, ended, newBoard, paused, stepOf } from '../../src/workflows/steps/board.js'

const TABLES: readonly (readonly [string, Transitions<string>, string, readonly string[]])[] = [
  ['a step', STEP_TRANSITIONS, 'pending', ['done', 'skipped', 'failed']],
  ['set-up and disconnect', STEPS_PHASE_TRANSITIONS, 'running', ['done', 'failed']],
  ['a pre-send', PRE_SEND_TRANSITIONS, 'waiting', ['done', 'aborted']],
]

describe.each(TABLES)('the table of %s', (_name, table, first, ends) => {
  const states = Object.keys(table)

  it('lets every state be reached, and every one come to an end', () => {
    const reached = (from: string): Set<string> => {
      const seen = new Set([from])
      for (const state of seen) {
        table[state]!.forEach((next) => seen.add(next))
      }
      return seen
    }
    expect([...reached(first)].sort()).toEqual([...states].sort())
    expect(states.filter((state) => table[state]!.length === 0)).toEqual(ends)
    for (const state of states) {
      expect(ends.some((end) => reached(state).has(end))).toBe(true)
    }
  })

  it('is all that happens, on any walk', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...states)), (walk) => {
        let at = first
        for (const next of walk) {
          if (next === at || table[at]!.includes(next)) {
            at = moved(table, at, next)
            expect(at).toBe(next)
          } else {
            expect(() => moved(table, at, next)).toThrow(
              `Illegal transition from ${at} to ${next}.`,
            )
          }
        }
      }),
    )
  })
})

describe('the board of a workflow of steps', () => {
  const pause = { code: 'stepFailed', message: 'It failed.', choices: ['retry'], seen: {} } as const
  const MOVES = {
    running: (board: ReturnType<typeof newBoard>) => begun(board, 'form', 0),
    paused: (board: ReturnType<typeof newBoard>) => paused(board, 'form', pause),
    done: (board: ReturnType<typeof newBoard>) => ended(board, 'form', 'done', null, 0),
    skipped: (board: ReturnType<typeof newBoard>) => ended(board, 'form', 'skipped', null, 0),
    failed: (board: ReturnType<typeof newBoard>) => ended(board, 'form', 'failed', null, 0),
  }
  type Move = keyof typeof MOVES

  it('follows the table, and refuses everything else', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...(Object.keys(MOVES) as Move[]))), (moves) => {
        let board = newBoard([{ id: 'form', title: 'Put it on the form', weight: 1 }])
        for (const move of moves) {
          const from = stepOf(board, 'form')!.state
          // A paused step stays paused while it is tried again.
          const to = move === 'running' && from === 'paused' ? 'paused' : move
          const isLegal = (STEP_TRANSITIONS[from] as readonly string[]).includes(to)
          if (isLegal || to === from) {
            board = MOVES[move](board)
            expect(stepOf(board, 'form')!.state).toBe(to)
          } else {
            expect(() => MOVES[move](board)).toThrow('Illegal transition')
          }
        }
      }),
    )
  })
})
