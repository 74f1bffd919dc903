import type { Organisation } from '../organisation.js'
import type { Row } from '../store/schema.js'
import type { RowEvent } from '../store/store.js'

/** A registered step with everything that posting needs. */
export interface ActiveStep {
  readonly step: Row
  readonly endpoint: Row
  readonly message: string
  readonly table: string
  /** Empty: every change fires. */
  readonly filteringColumns: readonly string[]
  readonly images: readonly Row[]
}

/** The enabled asynchronous steps that post to an endpoint. */
export function activeSteps(org: Organisation): readonly ActiveStep[] {
  const { store } = org
  const images = [...store.rows('sdkmessageprocessingstepimage').all()]
  const found: ActiveStep[] = []
  for (const step of store.rows('sdkmessageprocessingstep').all()) {
    const { values } = step
    const endpoint = store.rows('serviceendpoint').get(String(values['eventhandler']))
    const filter = store.rows('sdkmessagefilter').get(String(values['sdkmessagefilterid']))
    const message = store.rows('sdkmessage').get(String(values['sdkmessageid']))
    if (values['statecode'] === 0 && endpoint !== undefined && filter !== undefined) {
      found.push({
        step,
        endpoint,
        message: String(message?.values['name']),
        table: String(filter.values['primaryobjecttypecode']),
        filteringColumns: listOf(values['filteringattributes']),
        images: images.filter((one) => one.values['sdkmessageprocessingstepid'] === step.id),
      })
    }
  }
  return found
}

/** Whether a step fires: a filtered Update needs one of its columns in the request, changed or not. */
export function fires(active: ActiveStep, event: RowEvent): boolean {
  if (active.message !== event.message || active.table !== event.table.logicalName) {
    return false
  }
  return (
    event.message !== 'Update' ||
    active.filteringColumns.length === 0 ||
    active.filteringColumns.some((column) => column in event.sent)
  )
}

function listOf(value: unknown): readonly string[] {
  return typeof value === 'string' && value !== ''
    ? value.split(',').map((name) => name.trim())
    : []
}
