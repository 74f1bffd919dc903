import type { Config } from './config.js'
import { steps } from './environment.js'
import { initialStates } from './initial.js'
import { Judge, type Statistics } from './properties.js'
import { Rule } from './rule.js'
import { keyOf, type State } from './state.js'

/** What an exploration found. */
export interface Found {
  readonly states: number
  /** The property that a reachable state violates, or null: all of them hold everywhere. */
  readonly violation: string | null
  /** The shortest way there. */
  readonly trace: readonly string[]
  readonly statistics: Statistics
}

/** Explores every reachable state, breadth first, until one violates a property or all are seen. */
export function explore(config: Config): Found {
  const rule = new Rule(config)
  const judge = new Judge(config, rule)
  const seen = new Set<string>()
  const queue: (State | null)[] = []
  const parents: number[] = []
  const labels: string[] = []
  const names = new Map<string, string>()

  const add = (label: string, s: State, parent: number) => {
    const key = keyOf(s)
    if (!seen.has(key)) {
      seen.add(key)
      queue.push(s)
      parents.push(parent)
      const name = names.get(label) ?? label
      names.set(name, name)
      labels.push(name)
    }
  }
  const trace = (from: number, ...tail: string[]) => {
    for (let i = from; i >= 0; i = parents[i] ?? -1) {
      tail.unshift(labels[i] ?? '?')
    }
    return tail
  }
  const end = (violation: string | null, path: readonly string[]): Found => {
    return { states: seen.size, violation, trace: path, statistics: judge.statistics }
  }

  for (const [label, s] of initialStates(config, rule)) {
    if (config.begins === null || config.begins.some((name) => label.startsWith(name))) {
      add(label, s, -1)
    }
  }
  for (let i = 0; i < queue.length; i += 1) {
    const s = queue[i]
    if (!s) {
      continue
    }
    queue[i] = null
    const violation = judge.check(s)
    if (violation !== null) {
      return end(violation, trace(i))
    }
    for (const [label, next, broken] of steps(config, rule, s)) {
      if (broken !== null) {
        return end(broken, trace(i, label))
      }
      add(label, next, i)
    }
  }
  return end(null, [])
}
