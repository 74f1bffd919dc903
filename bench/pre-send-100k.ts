import { readFile } from 'node:fs/promises'
import { createCampaignClient } from '../src/client/index.js'
import { createOutput } from '../src/cli/output.js'
import { CONNECTION_ID, Stage } from '../src/cli/demo/stage.js'
import { DEMO_ACCOUNT, startStack } from '../src/cli/stack/start-stack.js'
import { Secret } from '../src/config/secret.js'
import { connectTemporal } from '../src/config/temporal.js'
import { startTruth } from './truth.js'

/**
 * One pre-send over many contacts, on the whole stack: the right list (computed from the stand-ins' own state), its time
 * beside the time that the bare requests of reading everybody directly would take, requests by kind, the worker's peak
 * memory, and the size of the histories. `npm run bench -- 100000`.
 */
const COUNT = Number(process.argv[2] ?? 100_000)
const output = createOutput(process.stdout, process.stderr)
const say = (line: string) => output.note(line)

const stack = await startStack({ ui: false, note: say })
const stage = new Stage(stack)
try {
  await seed()
  const applyMs = await timed(async () => {
    const file = await stage.file('acme.json', stage.connectionFile())
    const { exitCode, stderr } = await stage.lbsync('connection', 'apply', file)
    if (exitCode !== 0) {
      throw new Error(stderr)
    }
  })
  say(`set-up and first sync of ${COUNT} contacts: ${(applyMs / 1000).toFixed(1)} s`)
  await measure()
} finally {
  await stack.stop()
  await stage.strike()
}

async function seed(): Promise<void> {
  await stage.emarketeer.send('POST', `accounts/${DEMO_ACCOUNT.accountId}/seed`, {
    count: COUNT,
    seed: 7,
    emailPattern: 'person{n}@bench.example',
    marketing: { consent: 6, legitimateInterest: 2, withdrawn: 1, none: 1 },
    subscriptionOffRate: 0.05,
  })
  await stage.dynamics.send('POST', 'seed/contacts', {
    count: COUNT,
    seed: 7,
    domain: 'bench.example',
    prefix: 'person',
    doNotAllowShare: 0.03,
  })
  await stage.emarketeer.send('POST', `accounts/${DEMO_ACCOUNT.accountId}/campaigns`, {
    campaignId: '501',
    componentId: '9001',
    channel: 'email',
    categoryId: 'c1',
    transactional: false,
    target: { all: true },
  })
}

async function measure(): Promise<void> {
  const truth = startTruth(stage)
  const before = await truth.mailable()
  const [inCrm, during, late] = before.slice(0, 3) as [string, string, string]
  await stage.dynamics.send('POST', 'switches', { webhooks: { loseShare: 1 } })
  const { client, connection } = await connectTemporal({ ...stack.env })
  const campaign = createCampaignClient({
    temporal: client,
    gatewayUrl: stack.places.gatewayUrl,
    gatewayApiKey: new Secret(stack.gatewayApiKey),
  })
  try {
    await truth.denyInDynamics(inCrm)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    const startedAt = performance.now()
    const handle = await campaign.startPreSend({
      connectionId: CONNECTION_ID,
      sendoutId: 'snd_bench',
      campaignId: '501',
      componentId: '9001',
      stage: 'send',
    })
    await truth.unsubscribe(during)
    const result = await handle.result()
    const preSendMs = performance.now() - startedAt
    await truth.unsubscribe(late)
    const expected = new Set(await truth.mailable())
    const listed = new Set<string>()
    const listMs = await timed(async () => {
      for await (const entry of campaign.mailingList('snd_bench')) {
        listed.add(entry.email ?? '')
      }
    })
    const wrong = [...listed].filter((email) => !expected.has(email)).length
    const missing = [...expected].filter((email) => !listed.has(email)).length
    const bareMs = await truth.bareDirectReadMs()
    await output.answer(
      true,
      {
        contacts: COUNT,
        result,
        listed: listed.size,
        wrong,
        missing,
        optOutsOnList: [inCrm, during, late].filter((email) => listed.has(email)).length,
        preSendSeconds: seconds(preSendMs),
        listSeconds: seconds(listMs),
        bareDirectReadSeconds: seconds(bareMs),
        ratioToBareDirectRead: Number((preSendMs / bareMs).toFixed(2)),
        workerPeakMegabytes: await peakMegabytes(stack.workerPid()),
        histories: await historySizes(client),
      },
      () => '',
    )
    process.exitCode = wrong + missing === 0 ? 0 : 1
  } finally {
    await connection.close()
  }
}

async function historySizes(
  client: Awaited<ReturnType<typeof connectTemporal>>['client'],
): Promise<Record<string, { events: number; kilobytes: number }>> {
  const sizes: Record<string, { events: number; kilobytes: number }> = {}
  for await (const { workflowId, runId } of client.workflow.list()) {
    if (workflowId.startsWith('pre-send/')) {
      const { historyLength, historySize } = await client.workflow
        .getHandle(workflowId, runId)
        .describe()
      sizes[workflowId] = {
        events: historyLength,
        kilobytes: Math.round((historySize ?? 0) / 1024),
      }
    }
  }
  return sizes
}

/** The most memory that the process ever had, by Linux's own account. */
async function peakMegabytes(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const peak = /VmHWM:\s+(\d+) kB/.exec(status)?.[1]
  return peak === undefined ? null : Math.round(Number(peak) / 1024)
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

function seconds(ms: number): number {
  return Number((ms / 1000).toFixed(1))
}
