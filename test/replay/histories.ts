import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { historyFromJson, type History } from './history-json.js'

/** A recorded history in the form that `Worker.runReplayHistories` accepts. */
export interface RecordedHistory {
  readonly file: string
  readonly workflowId: string
  readonly workflowType: string
  readonly text: string
  readonly history: History
}

const folder = fileURLToPath(new URL('histories/', import.meta.url))

/** Every committed history. */
export async function recordedHistories(): Promise<RecordedHistory[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json')).sort()
  return Promise.all(
    files.map(async (file) => {
      const text = await readFile(`${folder}${file}`, 'utf8')
      const json = JSON.parse(text) as {
        events: { workflowExecutionStartedEventAttributes?: Started }[]
      }
      const { workflowId, workflowType } = json.events[0]!.workflowExecutionStartedEventAttributes!
      return {
        file,
        workflowId,
        workflowType: workflowType.name,
        text,
        history: historyFromJson(json),
      }
    }),
  )
}

interface Started {
  readonly workflowId: string
  readonly workflowType: { readonly name: string }
}
