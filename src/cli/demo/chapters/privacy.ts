import { everybody } from '../people.js'
import { fjordPeople, nordPeople } from '../superoffice-people.js'
import type { Story } from '../story.js'
import type { Stage } from '../stage.js'

/** Nobody of the tour appears in anything that Temporal stores, nor in a log line. */
export async function privacyChapter(story: Story, stage: Stage): Promise<void> {
  story.chapter('Where people are, and where they are not')
  const traces = allTraces()
  let workflows = 0
  let found: string | null = null
  const { client } = stage.temporal
  for await (const workflow of client.workflow.list()) {
    const handle = client.workflow.getHandle(workflow.workflowId, workflow.runId)
    const description = await handle.describe()
    const text = [
      textsOf(await handle.fetchHistory()),
      JSON.stringify([workflow.memo, description.typedSearchAttributes, workflow.workflowId]),
    ].join('\n')
    found ??= traceIn(text, traces)
    workflows += 1
  }
  await story.claim(
    `no address, name or number of ${everybody().size + nordPeople().size + fjordPeople().size} people in the histories of ${workflows} workflow runs`,
    0,
    async () => (workflows === 0 ? 'no workflows' : found),
  )
  await story.claim('no address, name or number in a log line', 0, async () =>
    stage.log === '' ? 'no log' : traceIn(stage.log, traces),
  )
}

/** Whatever would give somebody away. */
function allTraces(): readonly string[] {
  const nord = [...nordPeople(), ...fjordPeople()].flatMap(([email, { lastName, mobile }]) => [
    email,
    lastName,
    ...(mobile === undefined ? [] : [mobile]),
  ])
  return [...[...everybody()].flatMap(([email, { lastName }]) => [email, lastName]), ...nord]
}

/** Every text in a history, payloads decoded. */
function textsOf(history: unknown): string {
  const texts: string[] = []
  const visit = (value: unknown): void => {
    if (value instanceof Uint8Array) {
      texts.push(Buffer.from(value).toString('utf8'))
    } else if (typeof value === 'string') {
      texts.push(value)
    } else if (value && typeof value === 'object') {
      Object.values(value).forEach(visit)
    }
  }
  visit(history)
  return texts.join('\n')
}

function traceIn(text: string, traces: readonly string[]): string | null {
  const lower = text.toLowerCase()
  const trace = traces.find((t) => lower.includes(t.toLowerCase()))
  return trace === undefined ? null : `a trace of ${trace}`
}
