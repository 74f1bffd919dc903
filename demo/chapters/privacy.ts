import { everybody } from '../people.js'
import { fjordPeople, nordPeople } from '../superoffice-people.js'
import type { Story } from '../story.js'
import type { Stage } from '../stage.js'

/** Shows that no person of the tour appears in Temporal's data or in a log line. */
export async function privacyChapter(story: Story, stage: Stage): Promise<void> {
  story.chapter('Where people are, and where they are not')
  const traces = allTraces()
  const { client } = stage.temporal
  const reading: Promise<string>[] = []
  for await (const { workflowId, runId, memo } of client.workflow.list()) {
    const handle = client.workflow.getHandle(workflowId, runId)
    reading.push(
      Promise.all([handle.describe(), handle.fetchHistory()]).then(([description, history]) =>
        [
          textsOf(history),
          JSON.stringify([memo, description.typedSearchAttributes, workflowId]),
        ].join('\n'),
      ),
    )
  }
  const texts = await Promise.all(reading)
  await story.claim(
    `no address, name or number of ${everybody().size + nordPeople().size + fjordPeople().size} people in the histories of ${texts.length} workflow runs`,
    0,
    async () => (texts.length === 0 ? 'no workflows' : traceIn(texts.join('\n'), traces)),
  )
  await story.claim('no address, name or number in a log line', 0, async () =>
    stage.log === '' ? 'no log' : traceIn(stage.log, traces),
  )
}

function allTraces(): readonly string[] {
  const nord = [...nordPeople(), ...fjordPeople()].flatMap(([email, { lastName, mobile }]) => [
    email,
    lastName,
    ...(mobile === undefined ? [] : [mobile]),
  ])
  return [...[...everybody()].flatMap(([email, { lastName }]) => [email, lastName]), ...nord]
}

/** Every text in a history, with payloads decoded. */
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
