import { AsyncLocalStorage } from 'node:async_hooks'
import type { Chance } from './chance.js'

/** Work of the product that runs by itself: an activity, of which a worker may die. */
export class Task {
  /** Steps of input and output so far. */
  steps = 0
  /** Its process has died: whatever it waits for never comes. */
  dead = false
  /** Its process hangs until then, ms. */
  hangsUntilMs = 0
  /** Steps from now on at which dying costs most: between a decision and what becomes of its writes. */
  danger = 0
  /** Ends its transactions where its process dies. */
  readonly onDeath = new Set<() => Promise<void> | void>()
  /** Random ids that it has made. */
  ids = 0

  constructor(readonly name: string) {}
}

type Event = {
  readonly atMs: number
  readonly order: number
  readonly run: () => void | Promise<void>
}

const FOREVER = Number.MAX_SAFE_INTEGER

const current = new AsyncLocalStorage<Task>()

/**
 * A virtual clock, and what is to happen when. One event is worked off at a time, and nothing else runs until everything that
 * it woke waits again for input or output: so exactly one task runs between two awaits. How long each step takes is chance
 * by the seed, by the task's name and the number of its step.
 */
export class Scheduler {
  nowMs: number
  #order = 0
  readonly #heap: Event[] = []
  /** Lines of what happened, where somebody asks for them. */
  readonly trace: string[] | null
  #hash = 0
  /** Steps of all tasks. */
  steps = 0
  #running: Promise<void> = Promise.resolve()
  #park: () => void = () => undefined
  /** Called with each step of a task, which may let it die. @returns ms that the step takes longer. */
  onStep: (task: Task, what: string) => number = () => 0

  constructor(
    startMs: number,
    readonly chance: Chance,
    keepTrace: boolean,
  ) {
    this.nowMs = startMs
    this.trace = keepTrace ? [] : null
  }

  /** Notes something that happened; the same seed notes the same, byte for byte. */
  note(what: string): void {
    const line = `${this.nowMs} ${what}`
    for (let at = 0; at < line.length; at += 1) {
      this.#hash = Math.imul(this.#hash ^ line.charCodeAt(at), 0x01000193) + 1
    }
    this.trace?.push(line)
  }

  /** A number that stands for the whole trace. */
  get fingerprint(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0')
  }

  /** Lets something happen at a time, or at once where that has passed. */
  at(atMs: number, run: Event['run']): void {
    push(this.#heap, { atMs: Math.max(atMs, this.nowMs), order: (this.#order += 1), run })
  }

  /** Runs work as a task. Never settles where its process dies. */
  run<T>(task: Task, work: () => Promise<T>): Promise<T> {
    return current.run(task, work)
  }

  /** The task that runs now; undefined: none of ours. */
  get task(): Task | undefined {
    return current.getStore()
  }

  /**
   * A step of input or output of the task that runs: waits, does it, and goes on. Where the task dies meanwhile it never
   * goes on.
   */
  step<T>(what: string, latencyMs: number, work: () => T | Promise<T>): Promise<T> {
    const task = current.getStore()
    if (!task) {
      throw new Error(`${what}: no task runs`)
    }
    task.steps += 1
    task.danger -= 1
    this.steps += 1
    const longerMs = this.onStep(task, what)
    return new Promise<T>((resolve, reject) => {
      const attempt = async () => {
        if (task.dead) {
          return
        }
        if (task.hangsUntilMs > this.nowMs) {
          this.at(task.hangsUntilMs, attempt)
          return
        }
        this.note(`${task.name} ${what}`)
        try {
          const result = await work()
          if (!task.dead) {
            resolve(result)
          }
        } catch (error) {
          if (!task.dead) {
            reject(error as Error)
          }
        }
      }
      this.at(this.nowMs + latencyMs + longerMs, attempt)
    })
  }

  /** How long this step of the task that runs takes: mostly little, now and then far more. */
  latency(usualMs: number): number {
    const task = current.getStore()!
    const chance = this.chance.of('latency', task.name, task.steps)
    const long = chance > 0.97 ? 20 : 1
    return Math.ceil(usualMs * (0.2 + 1.6 * this.chance.of('spread', task.name, task.steps)) * long)
  }

  /** Ends a task as a killed process does. */
  async kill(task: Task): Promise<void> {
    task.dead = true
    this.note(`${task.name} dies`)
    for (const end of [...task.onDeath]) {
      await end()
    }
    task.onDeath.clear()
  }

  /** The step that runs waits for something that others have: they go on. @returns resolves at the end of that step. */
  park(): Promise<void> {
    this.#park()
    return this.#running
  }

  /** Something that nothing may go on beside: the next event. */
  exclusively(run: () => Promise<void>): void {
    push(this.#heap, { atMs: this.nowMs, order: -(this.#order += 1), run })
  }

  /** Works off what is due until a time, or until it is over. */
  async until(atMs: number, isOver: () => boolean = () => false): Promise<void> {
    while (!isOver()) {
      const next = this.#heap[0]
      if (next === undefined || next.atMs > atMs) {
        this.nowMs = atMs === FOREVER ? this.nowMs : atMs
        return
      }
      pop(this.#heap)
      this.nowMs = Math.max(this.nowMs, next.atMs)
      const parked = new Promise<void>((resolve) => (this.#park = resolve))
      this.#running = Promise.resolve(next.run())
      await Promise.race([this.#running, parked])
      await settled()
    }
  }

  /** Works off everything until a promise has settled. */
  async finish<T>(work: Promise<T>): Promise<T> {
    let over = false
    const end = work.finally(() => (over = true))
    end.catch(() => undefined)
    await settled()
    await this.until(FOREVER, () => over)
    if (!over) {
      throw new Error('nothing is left to happen, and the work has not ended')
    }
    return end
  }
}

/** Resolves when everything that was woken waits again. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}

function push(heap: Event[], event: Event): void {
  heap.push(event)
  let at = heap.length - 1
  while (at > 0) {
    const parent = (at - 1) >> 1
    if (!isBefore(heap[at]!, heap[parent]!)) {
      return
    }
    ;[heap[at], heap[parent]] = [heap[parent]!, heap[at]!]
    at = parent
  }
}

function pop(heap: Event[]): void {
  const last = heap.pop()!
  if (heap.length === 0) {
    return
  }
  heap[0] = last
  let at = 0
  for (;;) {
    const left = 2 * at + 1
    let least = at
    if (left < heap.length && isBefore(heap[left]!, heap[least]!)) {
      least = left
    }
    if (left + 1 < heap.length && isBefore(heap[left + 1]!, heap[least]!)) {
      least = left + 1
    }
    if (least === at) {
      return
    }
    ;[heap[at], heap[least]] = [heap[least]!, heap[at]!]
    at = least
  }
}
