import { describe, expect, it } from '@jest/globals'
import { AppError } from '../../src/contracts/app-error.js'
import type { SetupStatus, StepStatus } from '../../src/contracts/setup.js'
import { LiveView, watchSetup } from '../../src/cli/setup/watch-setup.js'
import type { SetupLook } from '../../src/app/setup/look-at-setup.js'
import { coloured, plain } from '../../src/cli/terminal-text.js'
import { statusLines } from '../../src/cli/setup/status-lines.js'
import { TerminalScreen } from './terminal-screen.js'

const step = (id: string, state: StepStatus['state']): StepStatus => ({
  id,
  title: `The step ${id}`,
  state,
  startedAt: state === 'pending' ? null : '2026-11-21T09:30:00.000Z',
  endedAt: state === 'done' ? '2026-11-21T09:30:02.000Z' : null,
  attempts: 1,
  pause: null,
  note: null,
})

/** A set-up with these steps. */
function lookOf(percent: number, states: readonly StepStatus['state'][], ended: string | null) {
  const status: SetupStatus = {
    connectionId: 'acme-dynamics',
    phase: ended === null ? 'running' : 'done',
    percent,
    remainingSeconds: 100 - percent,
    result: ended === null ? null : 'done',
    heldBy: null,
    steps: states.map((state, index) => step(`s${index + 1}`, state)),
    messages: [],
  }
  return { status, ended }
}

/** Returns these looks one after the other, the last one repeatedly. */
function lookingAt(looks: readonly (SetupLook | Error)[]) {
  let next = 0
  return async () => {
    const look = looks[Math.min(next, looks.length - 1)]!
    next += 1
    if (look instanceof Error) {
      throw look
    }
    return look
  }
}

const never = () => new AbortController().signal

describe('lines redrawn in place', () => {
  it.each([
    ['fewer lines than before', ['one', 'two', 'three'], ['uno']],
    ['shorter lines', ['a long line', 'another'], ['short', 'x']],
    ['lines that wrap, and then do not', ['x'.repeat(45), 'end'], ['x', 'end']],
    ['lines that fill the width to the letter', ['x'.repeat(40), 'end'], ['y'.repeat(20), 'end']],
    ['wide letters', ['漢'.repeat(15), 'end'], ['字', 'end']],
    ['marks and colours', [coloured('red', 'x'.repeat(20)), 'end'], ['e\u0301', 'end']],
  ])('leave nothing of the lines before: %s', (_what, before, after) => {
    const [twice, once] = [new TerminalScreen(20, 24), new TerminalScreen(20, 24)]
    twice.write('$ lbsync\r\n')
    once.write('$ lbsync\r\n')
    const view = new LiveView(twice)
    view.show(before)
    view.show(after)
    new LiveView(once).show(after)
    expect(twice.text()).toBe(once.text())
    view.end(['the end'])
    expect(twice.text()).toBe('$ lbsync\nthe end\n')
    expect(twice.cursorHidden).toBe(false)
  })

  it('are not written again where nothing has changed', () => {
    const screen = new TerminalScreen(20, 24)
    const view = new LiveView(screen)
    view.show(['same'])
    view.show(['same'])
    expect([screen.writes, screen.cursorHidden]).toEqual([1, true])
  })

  it('are cut off where the screen is too low, so that nothing is left standing', () => {
    const screen = new TerminalScreen(40, 4)
    const view = new LiveView(screen)
    const lines = ['1', '2', '3', '4', '5', '6']
    view.show(lines)
    expect(screen.text()).toBe('1\n2\n… more: a higher window, or --once')
    view.show(['0', ...lines])
    expect(screen.text()).toBe('0\n1\n… more: a higher window, or --once')
    view.end(lines)
    expect(screen.text()).toBe('1\n2\n3\n4\n5\n6\n')
  })
})

describe('watching a set-up', () => {
  const running = lookOf(40, ['done', 'running', 'pending'], null)
  const done = lookOf(100, ['done', 'done', 'done'], 'ended')

  it('ends by itself, with the last state standing once', async () => {
    const screen = new TerminalScreen(80, 24)
    const look = lookingAt([running, running, done])
    await watchSetup({ look, screen, paint: plain, signal: never(), lookEveryMs: 1 })
    expect(screen.text()).toBe(`${statusLines(done, { paint: plain }).join('\n')}\n`)
    expect(screen.cursorHidden).toBe(false)
  })

  it('ends when nobody wants to look any more', async () => {
    const screen = new TerminalScreen(80, 24)
    const stop = new AbortController()
    let looks = 0
    const look = async () => {
      looks += 1
      if (looks === 3) {
        stop.abort()
      }
      return running
    }
    await watchSetup({ look, screen, paint: plain, signal: stop.signal, lookEveryMs: 1 })
    expect(looks).toBe(3)
    expect(screen.text()).toContain('40 %, about 60 s left')
    expect(screen.cursorHidden).toBe(false)
  })

  it('goes on when nobody answers for a while, and says so', async () => {
    const screen = new TerminalScreen(80, 24)
    const away = new AppError('worker_unreachable', 'No worker serves the queue setup.')
    const seen: string[] = []
    const looks = lookingAt([running, away, away, done])
    const look = () => {
      seen.push(screen.text())
      return looks()
    }
    await watchSetup({ look, screen, paint: plain, signal: never(), lookEveryMs: 1 })
    expect(seen[2]).toContain('No worker serves the queue setup. What stands here is from before.')
    expect(screen.text()).not.toContain('No worker')
  })

  it('reports the first look that fails, and a fault of ours at any time', async () => {
    const watch = (looks: readonly (SetupLook | Error)[]) => {
      const screen = new TerminalScreen(80, 24)
      const look = lookingAt(looks)
      return watchSetup({ look, screen, paint: plain, signal: never(), lookEveryMs: 1 })
    }
    const missing = new AppError('run_not_found', 'There is none.')
    await expect(watch([missing])).rejects.toBe(missing)
    await expect(watch([running, new TypeError('x')])).rejects.toBeInstanceOf(TypeError)
  })

  it('only counts the steps with nothing to report, where the screen is low', async () => {
    const screen = new TerminalScreen(80, 7)
    const seen: string[] = []
    const many = lookOf(40, ['done', 'done', 'running', ...Array(9).fill('pending')], null)
    const looks = lookingAt([many, done])
    const look = () => {
      seen.push(screen.text())
      return looks()
    }
    await watchSetup({ look, screen, paint: plain, signal: never(), lookEveryMs: 1 })
    expect(seen[1]).toContain('Set-up of acme-dynamics: running')
    expect(seen[1]).toContain('2 done, 9 pending')
    expect(seen[1]).toContain('▶ The step s3')
  })
})
