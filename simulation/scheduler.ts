import { AsyncLocalStorage } from 'node:async_hooks'
import type { Chance } from './chance.js'

/** Work of the product that runs by itself: an activity, whose worker may die. */
export class Task {
  /** Number of I/O steps so far. */
  steps = 0
  /** Its process is dead: what it waits for never comes. */
  dead = false
  /** Its process hangs until then, ms. */
  hangsUntilMs = 0
  /** Number of following steps in which dying costs most: between a decision and the outcomes of its writes. */
  danger = 0
  /** Ends its transactions when its process dies, or hangs for longer than the server waits. */
  readonly onDeath = new Set<() => Promise<void> | void>()
  /** Number of random ids that it has created. */
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
 * A virtual clock with its future events. The scheduler executes one event at a time, and waits until everything that
 * it woke waits again for I/O: so exactly one task runs between two awaits. The duration of each step is chosen by the
 * seed, the task's name and the step's number.
 */
export class Scheduler {
  nowMs: number
  #order = 0
  readonly #heap: Event[] = []
  /** Lines of what happened, if they are requested. */
  readonly trace: string[] | null
  #hash = 0
  /** Number of steps of all tasks. */
  steps = 0
  #running: Promise<void> = Promise.resolve()
  #park: () => void = () => undefined
  /** Called at each step of a task; it may kill the task. @returns additional duration of the step, ms. */
  onStep: (task: Task, what: string) => number = () => 0

  constructor(
    startMs: number,
    readonly chance: Chance,
    keepTrace: boolean,
  ) {
    this.nowMs = startMs
    this.trace = keepTrace ? [] : null
  }

  /** Adds a line to the trace; the same seed produces the same lines, byte for byte. */
  note(what: string): void {
    const line = `${this.nowMs} ${what}`
    for (let at = 0; at < line.length; at += 1) {
      this.#hash = Math.imul(this.#hash ^ line.charCodeAt(at), 0x01000193) + 1
    }
    this.trace?.push(line)
  }

  /** Hash of the complete trace, as a number. */
  get fingerprint(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0')
  }

  /** Schedules an event; immediately if the time has passed. */
  at(atMs: number, run: Event['run']): void {
    push(this.#heap, { atMs: Math.max(atMs, this.nowMs), order: (this.#order += 1), run })
  }

  /** Runs work as a task. Never settles if its process dies. */
  run<T>(task: Task, work: () => Promise<T>): Promise<T> {
    return current.run(task, work)
  }

  /** The running task; undefined: none of the product's. */
  get task(): Task | undefined {
    return current.getStore()
  }

  /**
   * An I/O step of the running task: waits, does the work, and continues. If the task dies in the meantime, it never
   * continues.
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

  /** Duration of this step of the running task, ms: mostly short, sometimes much longer. */
  latency(usualMs: number): number {
    const task = current.getStore()!
    const chance = this.chance.of('latency', task.name, task.steps)
    const long = chance > 0.97 ? 20 : 1
    return Math.ceil(usualMs * (0.2 + 1.6 * this.chance.of('spread', task.name, task.steps)) * long)
  }

  /** Ends a task like a killed process. */
  async kill(task: Task): Promise<void> {
    task.dead = true
    this.note(`${task.name} dies`)
    await this.endTransactions(task)
  }

  /** Ends a task's open transactions, as the server does for a process that is gone. */
  async endTransactions(task: Task): Promise<void> {
    for (const end of [...task.onDeath]) {
      await end()
    }
    task.onDeath.clear()
  }

  /**
   * The running step waits for a lock that other tasks hold; they continue. @returns resolves at the end of that step.
   */
  park(): Promise<void> {
    this.#park()
    return this.#running
  }

  /** Resolves after that time, ms, without any task. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.at(this.nowMs + ms, () => resolve()))
  }

  /** Schedules work as the next event, during which nothing else runs. */
  exclusively(run: () => Promise<void>): void {
    push(this.#heap, { atMs: this.nowMs, order: -(this.#order += 1), run })
  }

  /** Executes the events that are due until a time, or until `isOver` is true. */
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

  /** Executes events until a promise has settled. */
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
