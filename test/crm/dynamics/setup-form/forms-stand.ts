import type { StepChoice } from '../../../../src/contracts/setup.js'
import { type CrmFacts, SetupPaused, type StepContext } from '../../../../src/crm/crm.js'
import { DynamicsCrm } from '../../../../src/crm/dynamics/session.js'
import { formStep } from '../../../../src/crm/dynamics/setup/steps/form.js'
import { publishStep } from '../../../../src/crm/dynamics/setup/steps/publish.js'
import { setupStep } from '../../../../src/crm/dynamics/setup/step.js'
import { viewStep } from '../../../../src/crm/dynamics/setup/steps/view.js'
import { runStep, runSteps } from '../support/run-steps.js'
import { type StandIn, startStandIn } from '../support/stand-in.js'

/** The steps under test in the generic runner's form. */
export const VIEW = setupStep(viewStep)
export const FORM = setupStep(formStep)
export const PUBLISH = setupStep(publishStep)

/** The contact form that ships with the stand-in. */
export const STOCK_FORM = '1fed44d1-ae68-4a41-bd2b-f13acac4acfa'

/** A stand-in with the tables created, and the facts so far. */
export interface FormsStand {
  readonly stand: StandIn
  readonly facts: CrmFacts
}

/** Starts one; also runs `steps` of this part. */
export async function startWithTables(
  options: Parameters<typeof startStandIn>[0] = {},
  steps: readonly (typeof VIEW)[] = [],
): Promise<FormsStand> {
  const stand = await startStandIn({ keyActivationReads: 0, ...options })
  let facts = await runSteps(stand)
  for (const step of steps) {
    facts = await runStep(stand, step, facts)
  }
  return { stand, facts }
}

/** A context with Support's choice. */
export function chosen(choice: StepChoice | null): StepContext {
  return { choice, subscriptionSync: true }
}

/** A form as the stand-in stores it. */
export interface StoredForm {
  readonly formxml: string
  readonly draft?: { readonly formxml?: string }
}

/** Reads a form without the API. */
export function storedForm(stand: StandIn, formId = STOCK_FORM): Promise<StoredForm> {
  return stand.control<StoredForm & Record<string, unknown>>('GET', `rows/systemform/${formId}`)
}

/** The form as the designer shows it. */
export async function draftOf(stand: StandIn, formId = STOCK_FORM): Promise<string> {
  const form = await storedForm(stand, formId)
  return form.draft?.formxml ?? form.formxml
}

/** Replaces the published main form of contact that has this id. */
export async function putForm(
  stand: StandIn,
  id: string,
  values: {
    readonly formxml: string
    readonly name?: string
    readonly isdefault?: boolean
    readonly formactivationstate?: number
    readonly customizable?: boolean
  },
): Promise<void> {
  const { customizable = true, ...rest } = values
  await removeForm(stand, id)
  await stand.control('POST', 'rows/systemform', {
    id,
    values: {
      name: 'Contact',
      objecttypecode: 'contact',
      type: 2,
      isdefault: false,
      formactivationstate: 1,
      iscustomizable: { Value: customizable, CanBeChanged: true },
      ...rest,
    },
  })
}

/** Removes a form, if it exists. */
export async function removeForm(stand: StandIn, id: string): Promise<void> {
  await stand.control('DELETE', `rows/systemform/${id}`).catch(() => null)
}

/** A colleague saves a form in the designer without publishing. */
export async function saveDraft(stand: StandIn, formxml: string, formId = STOCK_FORM) {
  await stand.control('PATCH', `rows/systemform/${formId}`, { values: { formxml } })
}

/** Publishes everything that waits on contact, as a colleague would. */
export async function publishByHand(stand: StandIn, facts: CrmFacts): Promise<void> {
  const crm = stand.open(facts)
  if (crm instanceof DynamicsCrm) {
    const ParameterXml =
      '<importexportxml><entities><entity>contact</entity></entities></importexportxml>'
    const operation = 'POST /PublishXml'
    const request = { method: 'POST', path: 'PublishXml', operation, name: 'test' } as const
    await crm.client.text({ ...request, effect: 'write', json: { ParameterXml } }, {})
  }
}

/** The pause in which a run ends. */
export async function pauseOf(run: Promise<unknown>) {
  const failure = await run.then(
    () => null,
    (error: unknown) => error,
  )
  if (!(failure instanceof SetupPaused)) {
    throw new Error(`no pause but ${String(failure)}`)
  }
  return failure.pause
}

/** A small form with one tab of this name and label. */
export function formWithTab(name: string, label: string, languagecode = 1033): string {
  return `<form>\r\n <tabs><tab  name='${name}' id="{11111111-2222-4333-8444-555555555555}"><labels><label description="${label}" languagecode="${languagecode}" /></labels><columns><column width="100%"><sections /></column></columns></tab></tabs>\r\n<!-- kept --></form>`
}

/** How often a publish ran. */
export async function publishes(stand: StandIn): Promise<number> {
  return Number((await stand.control('GET', 'state'))['publishes'])
}
