import { isPurposeCell, type CellKey } from '../../domain/cell-key.js'
import { isLegalBasis, isPositive } from '../../domain/legal-basis.js'
import type { RecordedConsentEvent } from '../../ledger/evidence/consent-events.js'
import { circumstances, ruleSentence, cellWord, TRIGGER_LABELS, valueWord } from './words.js'

/** One consent event as `why` shows it and as `--json` has it. Times are ISO UTC. */
export interface EventStory {
  readonly at: string
  readonly cell: CellKey
  readonly line: string
  readonly tier: string
  readonly workflowId: string
  readonly movedSide: string
  readonly emarketeer: { readonly old: string; readonly new: string }
  readonly crm: { readonly old: string; readonly new: string }
  readonly actor: { readonly type: string | null; readonly id: string | null }
  readonly acted: { readonly from: string | null; readonly to: string | null }
  readonly evidence: string | null
  readonly replacedBasis: string | null
  readonly ambiguous: boolean
  readonly outcomes: readonly {
    readonly side: string
    readonly recordId: string
    readonly outcome: string
  }[]
  readonly sentences: readonly string[]
}

/** Explains one event (rule F6). Pure. @param names category id → name. */
export function storyOf(
  event: RecordedConsentEvent,
  names: ReadonlyMap<string, string>,
): EventStory {
  return {
    at: event.recordedAt.toISOString(),
    cell: event.cellKey,
    line: event.line,
    tier: event.trigger,
    workflowId: event.workflowId,
    movedSide: event.movedSide,
    emarketeer: { old: event.emarketeerOld, new: event.emarketeerNew },
    crm: { old: event.crmOld, new: event.crmNew },
    actor: { type: event.actorType, id: event.actorId },
    acted: { from: iso(event.actedFromMs), to: iso(event.actedToMs) },
    evidence: event.evidence,
    replacedBasis: event.replacedBasis,
    ambiguous: event.ambiguous,
    outcomes: event.outcomes.map(({ side, recordId, outcome }) => ({ side, recordId, outcome })),
    sentences: [
      `${cellWord(event.cellKey, names)}: ${whoMoved(event)} ${whenActed(event)}.`,
      `eMarketeer ${change(event, event.emarketeerOld, event.emarketeerNew)}; ` +
        `CRM ${change(event, event.crmOld, event.crmNew)}.`,
      ruleSentence(event),
      ...circumstances(event),
      ...evidenceOf(event),
      ...(event.ambiguous
        ? ['Ambiguous: only an unrelated edit of the CRM record spoiled the proof.']
        : []),
      `Decided by ${TRIGGER_LABELS[event.trigger]}, in workflow ${event.workflowId}.`,
      ...event.outcomes.map(outcomeSentence),
    ],
  }
}

function whoMoved({ movedSide, actorType, actorId }: RecordedConsentEvent): string {
  const who = actorWord(actorType, actorId)
  switch (movedSide) {
    case 'emarketeer':
      return `moved in eMarketeer, by ${who},`
    case 'crm':
      return `moved in the CRM, by ${who},`
    case 'both':
      return `both sides are to change, after an act in the CRM by ${who},`
    case 'none':
      return 'nothing moved'
  }
}

function actorWord(type: string | null, id: string | null): string {
  const named = id === null ? '' : ` ${id}`
  switch (type) {
    case 'crmUser':
      return id === null ? 'a CRM user who is not known' : `CRM user${named}`
    case 'dataSubject':
      return 'the person'
    case 'user':
      return `eMarketeer user${named}`
    case 'system':
      return `eMarketeer itself${named}`
    default:
      return 'somebody who is not known'
  }
}

function whenActed({ actedFromMs, actedToMs }: RecordedConsentEvent): string {
  const from = iso(actedFromMs)
  const to = iso(actedToMs)
  if (to === null) {
    return from === null ? 'at a time that is not known' : `after ${from}`
  }
  return from === null ? `before ${to}` : from === to ? `at ${to}` : `between ${from} and ${to}`
}

function change({ cellKey }: RecordedConsentEvent, before: string, after: string): string {
  const [was, is] = [valueWord(cellKey, before), valueWord(cellKey, after)]
  return was === is ? `stays ${is}` : `${was} → ${is}`
}

/**
 * The evidence of a positive basis in eMarketeer. A Consent that came from the CRM has no evidence, and the sentence
 * states this (B5).
 */
function evidenceOf(event: RecordedConsentEvent): readonly string[] {
  const { cellKey, emarketeerNew, evidence, replacedBasis } = event
  const changed = event.emarketeerOld !== emarketeerNew
  const positive = isLegalBasis(emarketeerNew) && isPositive(emarketeerNew)
  if (!changed || !positive || !isPurposeCell(cellKey)) {
    return []
  }
  const replaced = replacedBasis === null ? '' : `, replaced ${valueWord(cellKey, replacedBasis)}`
  return [`${valueWord(cellKey, emarketeerNew)}, evidence: ${evidence ?? 'none'}${replaced}.`]
}

function outcomeSentence({
  side,
  recordId,
  outcome,
}: RecordedConsentEvent['outcomes'][number]): string {
  const where = side === 'crm' ? `CRM record ${recordId}` : `eMarketeer contact ${recordId}`
  return `${where}: ${OUTCOME_WORDS[outcome] ?? outcome}.`
}

const OUTCOME_WORDS: Readonly<Record<string, string>> = {
  applied: 'written',
  unchanged: 'said so already',
  overtaken: 'written, but somebody else wrote too; read and decided again immediately',
  conflict: 'lost a race, read and decided again immediately',
  gone: 'the record is gone',
  refused: 'the system refused the write',
  unknown: 'the answer was lost; read again before anything else',
  notSent: 'not sent, as the call before it failed; tried again',
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}
