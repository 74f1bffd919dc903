import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Client } from '@temporalio/client'
import {
  ApplicationFailure,
  defaultFailureConverter,
  defaultPayloadConverter,
} from '@temporalio/common'
import proto, { type temporal as protos } from '@temporalio/proto'
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { ERROR_CATALOGUE } from '../../src/contracts/error-catalogue.js'
import type * as workflows from '../../src/workflows/index.js'
import { ISOLATE_TIME } from '../../src/workers/run-workers.js'
import { provisionTimeoutMs } from '../support/ask-broker.js'
import { withTemporal } from '../support/with-temporal.js'
import { workflowBundle } from '../support/workflow-bundle.js'
import {
  badFields,
  badPayloads,
  json,
  type BadInput,
  type Payloads,
} from './support/bad-payloads.js'
import { hang } from './support/default-activities.js'
import { delegatingActivities } from './support/delegating-activities.js'
import { failure, FakeWorld } from './support/fake-world.js'
import { setupThatAsks } from './support/setup-that-asks.js'
import { tracesOfPeople } from './support/traces-of-people.js'
import { historyToJson } from '../replay/history-json.js'

Runtime.install({
  logger: new DefaultLogger('ERROR', () => {}),
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
})

const connectionId = 'acme-dynamics'
const evidence = { reason: 'A test', by: 'Kari' }
const OVERRIDE = { step: 'form', action: 'retry', ...evidence }
const RUN = '11111111-2222-4333-8444-555555555555'
const LATER = '2099-01-01T08:00:00Z'

/** A type of workflow: a valid input, and its messages, each with a valid argument (none: no argument). */
interface Gate {
  readonly input: object
  /** The values, among those that almost no field accepts, that fields accept. */
  readonly may?: readonly string[]
  /** Inputs that are invalid only for this type. */
  readonly more?: readonly object[]
  readonly signals?: Readonly<Record<string, object | null>>
  readonly updates?: Readonly<Record<string, object>>
  readonly queries?: readonly string[]
}

const setup: Gate = {
  input: { connectionId, dryRun: false },
  may: ['dryRun'],
  more: [
    { connectionId, dryrun: true },
    { connectionId, dryRun: 'true' },
    { connectionId, carried: { board: [] } },
    { connectionId, carried: { crm: 'dynamics', runId: 'r', board: [{}], messages: 1 } },
  ],
  signals: { pause: evidence, resume: evidence, override: OVERRIDE },
  updates: { override: OVERRIDE },
  queries: ['status'],
}

const GATES: Readonly<Record<keyof typeof workflows, Gate>> = {
  connectionSetup: setup,
  dynamicsSetup: setup,
  superOfficeSetup: setup,
  disconnect: {
    input: { connectionId, removeInstalled: false, ...evidence },
    more: [{ connectionId, removeInstalled: 'false', ...evidence }],
    signals: { override: { ...OVERRIDE, step: 'sweep' } },
    updates: { override: { ...OVERRIDE, step: 'sweep' } },
    queries: ['status'],
  },
  pauseConnection: {
    input: { connectionId, mode: 'all', ...evidence },
    more: [{ connectionId, mode: 'some', ...evidence }],
    queries: ['status'],
  },
  resumeConnection: { input: { connectionId, ...evidence }, queries: ['status'] },
  rotateWebhooks: { input: { connectionId, ...evidence }, queries: ['status'] },
  backgroundSweep: { input: { connectionId }, queries: ['status'] },
  sweepRun: { input: { connectionId }, queries: ['status'] },
  preSend: {
    input: {
      connectionId,
      sendoutId: 'snd_1',
      campaignId: '501',
      componentId: '9001',
      stage: 'send',
      startAt: LATER,
      onUnverified: 'exclude',
    },
    may: ['startAt', 'startAt: null', 'onUnverified'],
    more: [
      { connectionId, sendoutId: 's', stage: 'send', contactIds: ['1'] },
      {
        connectionId,
        sendoutId: 's',
        stage: 'send',
        campaignId: '1',
        componentId: '2',
        startAt: '2099-02-30T00:00:00Z',
      },
      {
        connectionId,
        sendoutId: 's',
        stage: 'send',
        campaignId: '1',
        componentId: '2',
        deadline: 0,
      },
      {
        connectionId,
        sendoutId: 's',
        stage: 'send',
        campaignId: '1',
        componentId: '2',
        deadline: '',
      },
      {
        connectionId,
        sendoutId: 's',
        stage: 'send',
        campaignId: '1',
        componentId: '2',
        deadlin: LATER,
      },
      {
        connectionId,
        sendoutId: 's',
        stage: 'send',
        campaignId: '1',
        componentId: '2',
        startAt: '9999-01-01T00:00:00Z',
      },
    ],
    updates: {
      reschedule: { startAt: LATER, deadline: '2099-01-01T09:00:00Z' },
      abort: evidence,
    },
    queries: ['status'],
  },
  forceSync: {
    input: {
      sendoutRunId: RUN,
      connectionId,
      runId: RUN,
      crm: 'dynamics',
      proof: 'direct',
      from: 0,
      to: 10,
    },
    more: [
      { sendoutRunId: RUN, connectionId, runId: RUN, crm: 'x', proof: 'direct', from: 0, to: 1e7 },
      { sendoutRunId: RUN, connectionId, runId: RUN, crm: 'x', proof: 'direct', from: 9, to: 1 },
    ],
  },
  contactInbox: {
    input: { connectionId, shard: 0 },
    more: [{ connectionId, shard: 4 }],
    signals: { changed: null },
  },
  resync: {
    input: { connectionId, addressIds: [1], dryRun: true },
    may: ['addressIds', 'addressIds: null', 'dryRun'],
    more: [
      { connectionId, dryrun: true },
      { connectionId, addresIds: [1] },
      { connectionId, addressIds: 'abc' },
      { connectionId, addressIds: Array.from({ length: 5_001 }, (_, index) => index + 1) },
    ],
    queries: ['status'],
  },
}

type Type = keyof typeof GATES
const TYPES = Object.keys(GATES) as Type[]

const inputsOf = ({ input, may = [], more = [] }: Gate): readonly BadInput[] => [
  ['nothing', []],
  ...badPayloads(input),
  ...badFields(input, may),
  ...more.map((value, index): BadInput => [`of its own, ${index}`, [json(value)]]),
]

/** Invalid arguments of a message; a message without arguments accepts no object either. */
const messagesOf = (good: object | null, may: readonly string[] = []): readonly BadInput[] =>
  good === null
    ? [['an object', [json({ connectionId })]], ...badPayloads({ connectionId })]
    : [['nothing', []], ...badPayloads(good), ...badFields(good, may)]

const MAY_OF_MESSAGES: Readonly<Record<string, readonly string[]>> = {
  reschedule: ['deadline', 'deadline: null'],
}

describe('bad input', () => {
  let worker: Worker
  let running: Promise<void>
  // Hooks of the end run in this order: the worker first, then its connection.
  afterAll(async () => {
    worker?.shutdown()
    await running
  })
  const temporal = withTemporal()
  const taskQueue = 'everything'
  /** Work that waits: an accepted workflow stays where messages reach it. */
  const world = new FakeWorld({
    ...setupThatAsks(),
    catchUpBoth: hang,
    rehearse: hang,
    syncMembers: hang,
    pauseConnection: hang,
    resumeConnection: hang,
    beginWebhookRotation: hang,
    endWork: () => Promise.reject(failure('temporal_unreachable', { retryable: false })),
  })
  let started = 0

  beforeAll(async () => {
    worker = await Worker.create({
      ...ISOLATE_TIME,
      connection: temporal.nativeConnection,
      namespace: temporal.namespace,
      taskQueue,
      workflowBundle: await workflowBundle(),
      activities: delegatingActivities(() => world),
      maxHeartbeatThrottleInterval: '100 milliseconds',
      defaultHeartbeatThrottleInterval: '100 milliseconds',
    })
    running = worker.run()
  }, provisionTimeoutMs)

  async function start(type: Type, payloads: Payloads): Promise<string> {
    const workflowId = `${type}/${++started}`
    await temporal.client.workflowService.startWorkflowExecution({
      namespace: temporal.namespace,
      workflowId,
      requestId: workflowId,
      workflowType: { name: type },
      taskQueue: { name: taskQueue },
      input: { payloads: [...payloads] },
    })
    return workflowId
  }

  const handleOf = (workflowId: string) => temporal.client.workflow.getHandle(workflowId)

  /** `type: how it ended`, and how often its tasks failed. */
  async function endOf(workflowId: string): Promise<string> {
    const why = await handleOf(workflowId)
      .result()
      .then(
        () => 'completed',
        (error: Error) => codeIn(error.cause),
      )
    const failing = await failedTasksOf(temporal.client, workflowId)
    return [why, ...failing].join(', ')
  }

  async function letIn(type: Type): Promise<string> {
    const workflowId = await start(type, [json(GATES[type].input)])
    // After a worker has answered in the history, handlers exist.
    await temporal.client.workflowService.queryWorkflow({
      namespace: temporal.namespace,
      execution: { workflowId },
      query: { queryType: '__temporal_workflow_metadata' },
    })
    return workflowId
  }

  it.each(TYPES)('does not start %s: refused by its code, on top', async (type) => {
    const inputs = inputsOf(GATES[type])
    expect(inputs.length).toBeGreaterThan(30)
    const ends = await inTurn(inputs, async ([name, payloads]) => {
      const workflowId = await start(type, payloads)
      return `${name} → ${await endOf(workflowId)}`
    })
    expect(
      ends.filter(
        (end) => !/ → (unknown_key|value_missing|value_invalid|audience_incomplete)$/.test(end),
      ),
    ).toEqual([])
    expect(world.names()).toEqual([])
  })

  it.each(
    TYPES.flatMap((type) =>
      Object.keys(GATES[type].signals ?? {}).map((name) => [type, name] as const),
    ),
  )('%s refuses bad signals %s, tells so, and takes a later good one', async (type, signalName) => {
    const good = GATES[type].signals![signalName]!
    const workflowId = await letIn(type)
    const send = (name: string, payloads: Payloads) =>
      temporal.client.workflowService.signalWorkflowExecution({
        namespace: temporal.namespace,
        workflowExecution: { workflowId },
        signalName: name,
        input: { payloads: [...payloads] },
      })
    // All of them in one history, which has to fit into one message of the server.
    const bad = messagesOf(good).filter(([name]) => name !== 'a key of two megabytes')
    expect(bad.length).toBeGreaterThan(25)
    for (const [, payloads] of bad) {
      await send(signalName, payloads)
    }
    expect(await toldOf(workflowId)).toContain(`${signalName} refused: `)
    await send('pasue', [json(evidence)])
    expect(await toldOf(workflowId)).toContain('pasue refused: there is no signal of this name')
    await send(signalName, good === null ? [] : [json(good)])
    await untilTaken(signalName, workflowId)
    expect(await failedTasksOf(temporal.client, workflowId)).toEqual([])
    await handleOf(workflowId).terminate()
  })

  it.each(
    TYPES.flatMap((type) =>
      Object.keys(GATES[type].updates ?? {}).map((name) => [type, name] as const),
    ),
  )('%s rejects bad updates %s by a code, and takes a later good one', async (type, name) => {
    const good = GATES[type].updates![name]!
    const workflowId = await letIn(type)
    await untilItWaits(type, workflowId)
    const update = async (payloads: Payloads) => {
      const { outcome } = await temporal.client.workflowService.updateWorkflowExecution({
        namespace: temporal.namespace,
        workflowExecution: { workflowId },
        waitPolicy: { lifecycleStage: COMPLETED },
        request: {
          meta: { updateId: `u${++started}` },
          input: { name, args: { payloads: [...payloads] } },
        },
      })
      return outcome?.failure ? codeIn(errorOf(outcome.failure)) : 'taken'
    }
    const bad = messagesOf(good, MAY_OF_MESSAGES[name])
    const ends: string[] = []
    for (const [what, payloads] of bad) {
      // One by one, because the server ends a workflow whose updates together exceed one of its messages (4 MB).
      ends.push(`${what} → ${await update(payloads)}`)
    }
    expect(
      ends.filter(
        (end) => !/ → (unknown_key|value_missing|value_invalid|override_invalid)$/.test(end),
      ),
    ).toEqual([])
    expect(await update([json(good)])).toBe('taken')
    expect(await failedTasksOf(temporal.client, workflowId)).toEqual([])
    await handleOf(workflowId).terminate()
  })

  it.each(TYPES.filter((type) => GATES[type].queries))(
    '%s refuses a query with an argument',
    async (type) => {
      const workflowId = await letIn(type)
      const ask = (payloads: Payloads) =>
        temporal.client.workflowService
          .queryWorkflow({
            namespace: temporal.namespace,
            execution: { workflowId },
            query: { queryType: 'status', queryArgs: { payloads: [...payloads] } },
          })
          .then(
            () => 'answered',
            (error: { details?: string }) => error.details ?? String(error),
          )
      const answers = await inTurn(messagesOf(null), async ([, payloads]) => ask(payloads))
      expect(
        new Set(answers.map((text) => /must be (left out|one argument|JSON)/.test(text))),
      ).toEqual(new Set([true]))
      expect(await ask([])).toBe('answered')
      expect(await failedTasksOf(temporal.client, workflowId)).toEqual([])
      await handleOf(workflowId).terminate()
    },
  )

  it.each(TYPES)('%s describes each of its messages, as Support sees them', async (type) => {
    const workflowId = await letIn(type)
    const { definition } = await metadataOf(workflowId)
    const told = [
      ...(definition.queryDefinitions ?? []),
      ...(definition.signalDefinitions ?? []),
      ...(definition.updateDefinitions ?? []),
    ].filter(({ name }) => name && !name.startsWith('__'))
    const { signals = {}, updates = {}, queries = [] } = GATES[type]
    const names = [...queries, ...Object.keys(signals), ...Object.keys(updates)]
    expect(told.map(({ name }) => name)).toEqual(expect.arrayContaining(names))
    expect(told.filter(({ description }) => !description)).toEqual([])
    await handleOf(workflowId).terminate()
  })

  it('shows nothing of what it refuses but names of keys, kinds and sizes', async () => {
    const workflowId = await start('resumeConnection', [
      json({ connectionId: 'Ada Lovelace', 'ada@example.com': 1, reason: 'x', by: 7 }),
    ])
    await endOf(workflowId)
    const { events = [] } = await handleOf(workflowId).fetchHistory()
    const ownWords = historyToJson({ events: (events ?? []).slice(1) })
    expect(tracesOfPeople(JSON.stringify(ownWords), ['Ada Lovelace'])).toEqual([])
  })

  /** What the sender of a signal can read. */
  async function toldOf(workflowId: string): Promise<string> {
    return (await metadataOf(workflowId)).currentDetails
  }

  async function metadataOf(workflowId: string): Promise<Metadata> {
    const { queryResult } = await temporal.client.workflowService.queryWorkflow({
      namespace: temporal.namespace,
      execution: { workflowId },
      query: { queryType: '__temporal_workflow_metadata' },
    })
    return defaultPayloadConverter.fromPayload<Metadata>(queryResult!.payloads![0]!)
  }

  async function untilItWaits(type: Type, workflowId: string): Promise<void> {
    const waits = ['connectionSetup', 'dynamicsSetup', 'superOfficeSetup', 'disconnect'].includes(
      type,
    )
    while (waits && !(await toldOf(workflowId)).includes('Waiting')) {
      // asked again: nothing else tells it outside
    }
  }

  /** Resolves after a valid signal shows. */
  async function untilTaken(signal: string, workflowId: string): Promise<void> {
    while (!SIGNS[signal]!.test(await toldOf(workflowId))) {
      // asked again: nothing else tells it outside
    }
  }
})

/** The trace of a signal that was understood, whether or not it was possible at that moment. */
const SIGNS: Readonly<Record<string, RegExp>> = {
  pause: /held back by Kari/,
  resume: /resumed by Kari|resume refused: it is not paused/,
  override: /override of|override refused: (Step|Set-up|There is no step)/,
  changed: /^\d+ contacts processed$/,
}

const { WorkflowTaskFailedCause, UpdateWorkflowExecutionLifecycleStage } =
  proto.temporal.api.enums.v1
const TAKEN_BACK = [
  WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND,
  WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_FORCE_CLOSE_COMMAND,
]
interface Described {
  readonly name?: string
  readonly description?: string
}

/** Answer of the query `__temporal_workflow_metadata`. */
interface Metadata {
  readonly currentDetails: string
  readonly definition: Readonly<
    Partial<
      Record<'queryDefinitions' | 'signalDefinitions' | 'updateDefinitions', readonly Described[]>
    >
  >
}

const COMPLETED =
  UpdateWorkflowExecutionLifecycleStage.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED

const errorOf = (given: protos.api.failure.v1.IFailure) =>
  defaultFailureConverter.failureToError(given as never, defaultPayloadConverter)

function codeIn(error: unknown): string {
  const code = error instanceof ApplicationFailure ? error.type : undefined
  return code && Object.hasOwn(ERROR_CATALOGUE, code) ? code : String(error)
}

/**
 * Why tasks of a workflow failed. A task that the server took back because messages arrived is repeated immediately.
 */
async function failedTasksOf(client: Client, workflowId: string): Promise<readonly string[]> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory()
  return (events ?? []).flatMap(({ workflowTaskFailedEventAttributes: failed }) =>
    failed && !TAKEN_BACK.includes(failed.cause!)
      ? [`${failed.cause}: ${failed.failure?.message}`]
      : [],
  )
}

/** Some in parallel, as the server allows. */
async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let at = 0; at < items.length; at += 8) {
    results.push(...(await Promise.all(items.slice(at, at + 8).map(work))))
  }
  return results
}
