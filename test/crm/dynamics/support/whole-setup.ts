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

/** What a run knows; it outlives the process, as the ledger does. */
export interface Memory {
  facts: CrmFacts
}

/** Everything of set-up that touches Dynamics, each part remembered once it is done. Safe to begin again. */
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

/** Everything of removal, in reverse. Safe to begin again. */
export async function removeAll(stand: StandIn, memory: Memory, call: CallContext = {}) {
  memory.facts = { ...memory.facts, ...(await open(stand, memory).removeWebhooks(call)) }
  for (const step of dynamicsDriver.setupSteps.toReversed()) {
    const learned = await step.undo(open(stand, memory), { ...PLAIN, ...call })
    memory.facts = { ...memory.facts, ...learned }
  }
}

/** The organisation's end state, the same for the same state. */
export function installation(stand: StandIn): Promise<Record<string, unknown>> {
  return stand.control('GET', 'installation')
}

/**
 * Runs work and tells which of its requests to Dataverse, counted from 0, were writes: after each of these a process
 * may die.
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
 * Runs work as a process that dies right after sending the request of that number: it is carried out, its answer and
 * everything later are lost.
 */
export async function dieAfter(
  stand: StandIn,
  request: number,
  work: () => Promise<void>,
): Promise<void> {
  const path = '^/api/data'
  const lost = { path, skip: request, times: 1, execute: true, reset: true }
  await stand.control('POST', 'faults', lost)
  // Only requests that the first rule lets through are counted by this one: those after the lost one are left.
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
