import type { Config } from './config.js'
import { steps } from './environment.js'
import { initialStates } from './initial.js'
import { Judge, type Statistics } from './properties.js'
import { Rule } from './rule.js'
import type { State } from './state.js'
import { doubled, StateSet } from './state-set.js'

/** The result of an exploration. */
export interface Found {
  readonly states: number
  /** The property that a reachable state violates, or null: all hold everywhere. */
  readonly violation: string | null
  /** The shortest way to it. */
  readonly trace: readonly string[]
  readonly statistics: Statistics
}

/** Explores every reachable state, breadth first, until one violates a property or all were visited. */
export function explore(config: Config): Found {
  const rule = new Rule(config)
  const judge = new Judge(config, rule)
  const seen = new StateSet()
  let parents = new Int32Array(1 << 16)
  let labels = new Int32Array(1 << 16)
  const names: string[] = []
  const numbers = new Map<string, number>()

  const numberOf = (label: string) => {
    const known = numbers.get(label)
    if (known !== undefined) {
      return known
    }
    numbers.set(label, names.length)
    return names.push(label) - 1
  }
  const add = (label: string, s: State, parent: number) => {
    if (!seen.add(s)) {
      return
    }
    if (seen.size > parents.length) {
      parents = doubled(parents)
      labels = doubled(labels)
    }
    parents[seen.size - 1] = parent
    labels[seen.size - 1] = numberOf(label)
  }
  const trace = (from: number, ...tail: string[]) => {
    for (let i = from; i >= 0; i = parents[i] ?? -1) {
      tail.unshift(names[labels[i]!]!)
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
  for (let i = 0; i < seen.size; i += 1) {
    const s = seen.read(i)
    const violation = judge.check(s, seen.place())
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
