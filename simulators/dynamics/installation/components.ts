import type { Organisation } from '../organisation.js'
import type { JsonObject, Row } from '../store/schema.js'
import type { NamesOfIds } from './names-of-ids.js'
import { byText } from './sorted.js'

/** Forms of contact and custom forms, in both layers. */
export function describeForms(org: Organisation, names: NamesOfIds): JsonObject[] {
  const shown = [...org.store.rows('systemform').all()].filter(
    (row) => row.values['objecttypecode'] === 'contact' || !org.stockComponents.has(row.id),
  )
  return byText(shown, (row) => names.of(row.id)).map((row) => ({
    form: names.of(row.id),
    type: row.values['type'] ?? null,
    isDefault: row.values['isdefault'] ?? null,
    active: row.values['formactivationstate'] ?? null,
    published: names.inXml(row.values['formxml']),
    draft: names.inXml(row.draft?.['formxml']),
  }))
}

/** Custom views, and any with a draft. */
export function describeViews(org: Organisation, names: NamesOfIds): JsonObject[] {
  const shown = [...org.store.rows('savedquery').all()].filter(
    (row) => !org.stockComponents.has(row.id) || row.draft !== undefined,
  )
  const layer = (values: Row['values'] | undefined): JsonObject | null =>
    values === undefined
      ? null
      : { fetchxml: names.inXml(values['fetchxml']), layoutxml: names.inXml(values['layoutxml']) }
  return byText(shown, (row) => names.of(row.id) + String(row.values['fetchxml'])).map((row) => ({
    view: names.of(row.id),
    type: row.values['querytype'] ?? null,
    state: row.values['statecode'] ?? null,
    published: layer(row.values),
    draft: layer(row.draft),
  }))
}

/** Custom publishers and solutions, each solution with its components. */
export function describeSolutions(org: Organisation, names: NamesOfIds): JsonObject {
  const publishers = [...org.store.rows('publisher').all()]
    .filter((row) => row.values['uniquename'] !== 'DefaultPublisher')
    .map((row) => ({
      name: String(row.values['uniquename']),
      prefix: row.values['customizationprefix'] ?? null,
    }))
  const components = [...org.store.rows('solutioncomponent').all()]
  const solutions = [...org.store.rows('solution').all()].map((row) => ({
    name: String(row.values['uniquename']),
    version: row.values['version'] ?? null,
    publisher: names.of(row.values['publisherid']),
    components: components
      .filter((one) => one.values['solutionid'] === row.id)
      .map((one) => names.of(one.values['objectid']))
      .sort(),
  }))
  return {
    publishers: byText(publishers, ({ name }) => name),
    solutions: byText(solutions, ({ name }) => name),
  }
}

/** Webhooks with their steps and images. Of the secret it shows only whether it exists, because it differs per run. */
export function describeWebhooks(org: Organisation, names: NamesOfIds): JsonObject[] {
  const { store } = org
  const steps = [...store.rows('sdkmessageprocessingstep').all()]
  const images = [...store.rows('sdkmessageprocessingstepimage').all()]
  const describeStep = ({ id, values }: Row): JsonObject => ({
    name: String(values['name']),
    message: messageOf(org, values['sdkmessageid']),
    filteringAttributes: values['filteringattributes'] ?? null,
    stage: values['stage'] ?? null,
    mode: values['mode'] ?? null,
    state: values['statecode'] ?? null,
    images: images
      .filter((image) => image.values['sdkmessageprocessingstepid'] === id)
      .map((image) => String(image.values['attributes']))
      .sort(),
  })
  const endpoints = [...store.rows('serviceendpoint').all()].map((row) => ({
    endpoint: names.of(row.id),
    url: String(row.values['url']),
    authtype: row.values['authtype'] ?? null,
    hasSecret: typeof row.values['authvalue'] === 'string',
    steps: byText(
      steps.filter((step) => step.values['eventhandler'] === row.id).map(describeStep),
      (step) => String(step['name']),
    ),
  }))
  return byText(endpoints, ({ endpoint, url }) => endpoint + url)
}

function messageOf(org: Organisation, id: unknown): string {
  const row = org.store.rows('sdkmessage').get(String(id))
  return String(row?.values['name'] ?? 'unknown')
}
