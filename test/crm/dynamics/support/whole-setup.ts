import type { CrmFacts, CrmClient } from '../../../../src/crm/crm.js'
import { dynamicsDriver } from '../../../../src/crm/dynamics/driver.js'
import type { CallContext } from '../../../../src/http/index.js'
import { PLAIN, runStep } from './run-steps.js'
import type { StandIn } from './stand-in.js'

const CATEGORIES = [
  { categoryId: '12', name: 'Newsletters', archived: false },
  { categoryId: '13', name: 'Events', archived: true },
]
const GATEWAY = 'https://hooks.example.com/hooks/crm/acme'

/** The facts of a run. They outlive the process, as those in the ledger do. */
export interface Memory {
  facts: CrmFacts
}

/**
 * The complete part of set-up that concerns Dynamics. It stores the facts of each part after it is done, and is safe to
 * begin again.
 */
export async function setUpAll(stand: StandIn, memory: Memory, call: CallContext = {}) {
  for (const step of dynamicsDriver.setupSteps) {
    memory.facts = await runStep(stand, step, memory.facts, { ...PLAIN, ...call })
  }
  const keep = (facts: CrmFacts) => {
    memory.facts = { ...memory.facts, ...facts }
    return Promise.resolve()
  }
  const { facts } = await open(stand, memory).installWebhooks({ url: GATEWAY, keep }, call)
  memory.facts = { ...memory.facts, ...facts }
  await open(stand, memory).syncCategories(CATEGORIES, call)
}

/** The complete removal, in reverse order. Safe to begin again. */
export async function removeAll(stand: StandIn, memory: Memory, call: CallContext = {}) {
  memory.facts = { ...memory.facts, ...(await open(stand, memory).removeWebhooks(call)) }
  for (const step of dynamicsDriver.setupSteps.toReversed()) {
    const learned = await step.undo(open(stand, memory), { ...PLAIN, ...call })
    memory.facts = { ...memory.facts, ...learned }
  }
}

/** The organisation's final state; equal for equal states. */
export function installation(stand: StandIn): Promise<Record<string, unknown>> {
  return stand.control('GET', 'installation')
}

/**
 * Runs work and returns the numbers, from 0, of its requests to Dataverse that were writes. A process may die after
 * each of them.
 */
export async function writesOf(work: (call: CallContext) => Promise<void>): Promise<number[]> {
  const operations: string[] = []
  await work({
    onRequest: ({ operation }) => {
      if (!/token/i.test(operation)) {
        operations.push(operation)
      }
    },
  })
  return [...operations.keys()].filter((index) => !operations[index]?.startsWith('GET'))
}

/**
 * Runs work as a process that dies after it sent the request with that number: the request is executed, and its answer
 * and everything later are lost.
 */
export async function dieAfter(
  stand: StandIn,
  request: number,
  work: () => Promise<void>,
): Promise<void> {
  const path = '^/api/data'
  const lost = { path, skip: request, times: 1, execute: true, reset: true }
  await stand.control('POST', 'faults', lost)
  // This rule counts only requests that the first rule lets through, which are those after the lost one.
  await stand.control('POST', 'faults', { path, skip: request, reset: true })
  const died = await work().then(
    () => false,
    () => true,
  )
  await stand.control('DELETE', 'faults')
  if (!died) {
    throw new Error(`the work went on after its request ${request} was lost`)
  }
}

function open(stand: StandIn, memory: Memory): CrmClient {
  return stand.open(memory.facts)
}
