import { historyToJson, type History } from './history-json.js'

/** Fields that show the machine on which a history was recorded, and that replay does not read. */
const OF_THE_MACHINE = new Set(['identity', 'stackTrace', 'binaryChecksum', 'workerVersion'])

/** A history in its stored form: JSON as the UI and CLI export it, without traces of a machine, one event per line. */
export function readableHistory(history: History): string {
  const kept = historyToJson(history).events.map((event) => JSON.stringify(event, withoutMachine))
  return `{"events":[\n${kept.join(',\n')}\n]}\n`
}

function withoutMachine(key: string, value: unknown): unknown {
  if (OF_THE_MACHINE.has(key)) {
    return undefined
  }
  // A worker's own queue is named after its host.
  return key === 'taskQueue' && isSticky(value) ? { ...value, name: 'sticky' } : value
}

function isSticky(queue: unknown): queue is object {
  return (queue as { kind?: string }).kind === 'TASK_QUEUE_KIND_STICKY'
}
