import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import timersPromises from 'node:timers/promises'
import type { Scheduler } from './scheduler.js'

const real = {
  Date,
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
  clearTimeout: globalThis.clearTimeout,
  clearInterval: globalThis.clearInterval,
  random: Math.random,
  randomUUID: crypto.randomUUID,
  sleep: timersPromises.setTimeout,
}

let scheduler: Scheduler | null = null

/** Sets the scheduler whose clock, timers and random ids the product's code uses; null: the real ones. */
export function useVirtualTime(of: Scheduler | null): void {
  scheduler = of
}

class Timer {
  over = false
  ref = () => this
  unref = () => this
}

function later(work: () => void, ms: number, repeat: boolean): Timer {
  const own = scheduler!
  const task = own.task!
  const timer = new Timer()
  const due = () => {
    if (timer.over || task.dead) {
      return
    }
    if (task.hangsUntilMs > own.nowMs) {
      own.at(task.hangsUntilMs, due)
      return
    }
    if (repeat) {
      own.at(own.nowMs + ms, due)
    }
    void own.run(task, async () => work())
  }
  own.at(own.nowMs + ms, due)
  return timer
}

function isVirtual(): boolean {
  return scheduler?.task !== undefined
}

/**
 * Installs the virtual clock, timers and ids for all loaded code, product and libraries; they have an effect only while
 * a task runs. Call it once, before anything else.
 */
export function installVirtualTime(): void {
  class VirtualDate extends real.Date {
    constructor(...given: readonly unknown[]) {
      super(...((given.length === 0 && scheduler !== null ? [scheduler.nowMs] : given) as [number]))
    }
    static override now(): number {
      return scheduler === null ? real.Date.now() : scheduler.nowMs
    }
  }
  globalThis.Date = VirtualDate as DateConstructor
  const timeout = (work: () => void, ms = 0, ...given: unknown[]) =>
    isVirtual()
      ? later(() => (work as (...all: unknown[]) => void)(...given), ms, false)
      : real.setTimeout(work, ms, ...(given as []))
  const interval = (work: () => void, ms = 0, ...given: unknown[]) =>
    isVirtual()
      ? later(() => (work as (...all: unknown[]) => void)(...given), ms, true)
      : real.setInterval(work, ms, ...(given as []))
  const clear = (clearReal: (timer: never) => void) => (timer: unknown) => {
    if (timer instanceof Timer) {
      timer.over = true
    } else {
      clearReal(timer as never)
    }
  }
  globalThis.setTimeout = timeout as unknown as typeof setTimeout
  globalThis.setInterval = interval as unknown as typeof setInterval
  globalThis.clearTimeout = clear(real.clearTimeout)
  globalThis.clearInterval = clear(real.clearInterval)
  Math.random = () =>
    isVirtual() ? scheduler!.chance.of('random', scheduler!.task!.name, id()) : real.random()
  timersPromises.setTimeout = ((ms: number, value: unknown, options: object) =>
    isVirtual()
      ? scheduler!.step('sleeps', ms, () => value)
      : real.sleep(ms, value, options)) as typeof timersPromises.setTimeout
  crypto.randomUUID = ((options: object) =>
    isVirtual() ? uuid() : real.randomUUID(options)) as typeof crypto.randomUUID
  syncBuiltinESMExports()
}

function id(): number {
  return (scheduler!.task!.ids += 1)
}

/** Derived from the task's name and a count; unique as far as 122 random bits are. */
function uuid(): string {
  const { chance, task } = scheduler!
  const n = id()
  const part = (which: number) =>
    Math.floor(chance.of('uuid', task!.name, n, which) * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0')
  const hex = [0, 1, 2, 3].map(part).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}
