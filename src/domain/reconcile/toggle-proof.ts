import { emarketeerActed, recordMoved } from './compare.js'
import {
  denyActMs,
  latestSetAfter,
  positiveActMs,
  setBeforePositive,
  stampsCount,
} from './stamps.js'
import { carriesDeny, denying, lacksStamp, type ToggleFacts } from './toggle-facts.js'
import type { DecisionInputs, RuleLine } from './types.js'

/** Which side's act is provably the later one; never both. */
export interface Later {
  readonly emarketeer: boolean
  readonly crm: boolean
  readonly proof: DecisionInputs['proof']
}

/** Asks the versions first, and the stamps only where no version proves. */
export function proveLater(facts: ToggleFacts): Later {
  const emarketeer = actedOverSeenDeny(facts) && facts.comparison.crmMoved === false
  const crm = flippedFromSeenDeny(facts)
  if (emarketeer || crm) {
    return { emarketeer, crm, proof: 'version' }
  }
  return proveByStamps(facts)
}

/** laterE, all but "the CRM did not move": eMarketeer acted on a cell whose deny it had been told of. */
function actedOverSeenDeny({ comparison, observation }: ToggleFacts): boolean {
  return (
    !comparison.recordSetChanged &&
    !carriesDeny(observation) &&
    // Only over a deny that was seen: a deny that appears with eMarketeer's move may be the later act.
    comparison.seen?.records.some((record) => record.value === 'deny') === true &&
    emarketeerActed(comparison, observation.emarketeer)
  )
}

/** laterD by version: a person flipped the last denying record while eMarketeer stood still. */
function flippedFromSeenDeny({ comparison, crm, crmMaybeOurs }: ToggleFacts): boolean {
  return (
    !comparison.recordSetChanged &&
    // A flip to and fro shows as "moved" with the old value; without d0 = deny it would pass for an Allow (ABA).
    comparison.seen?.records.some((record) => record.value === 'deny') === true &&
    crm === 'allow' &&
    comparison.crmMoved === true &&
    comparison.emarketeerMoved === false &&
    !crmMaybeOurs
  )
}

function proveByStamps(facts: ToggleFacts): Later {
  const { observation, comparison, memory, inheritedDeny } = facts
  const { emarketeer, records } = observation
  if (inheritedDeny || carriesDeny(observation) || !stampsCount(comparison, memory)) {
    return { emarketeer: false, crm: false, proof: 'none' }
  }
  const laterEmarketeer =
    !comparison.emarketeerMaybeOurs && setBeforePositive(denying(records), emarketeer)
  const laterCrm =
    facts.crm === 'allow' && !facts.crmMaybeOurs && latestSetAfter(records, denyActMs(emarketeer))
  const proven = laterEmarketeer || laterCrm
  return { emarketeer: laterEmarketeer, crm: laterCrm, proof: proven ? 'stamp' : 'none' }
}

/** Only a missing stamp stands between the cell and a proof: field history is worth asking. */
export function couldBeProvenByStamp(facts: ToggleFacts, line: RuleLine): boolean {
  const { observation, comparison, memory } = facts
  const { emarketeer, records } = observation
  if (facts.inheritedDeny || carriesDeny(observation) || !stampsCount(comparison, memory)) {
    return false
  }
  if (line === 'T2') {
    const missing = denying(records).filter(lacksStamp)
    const told = denying(records).filter((record) => !lacksStamp(record))
    return (
      positiveActMs(emarketeer) !== null &&
      !comparison.emarketeerMaybeOurs &&
      missing.length > 0 &&
      (told.length === 0 || setBeforePositive(told, emarketeer))
    )
  }
  return (
    denyActMs(emarketeer) !== null &&
    !facts.crmMaybeOurs &&
    records.some(lacksStamp) &&
    !records.some((record) => record.lastWriter === 'us')
  )
}

/** Had no other column of the row been edited, eMarketeer's act would have been proven the later. */
export function spoiledByUnrelatedEdit(facts: ToggleFacts): boolean {
  const { pairs, crmMoved } = facts.comparison
  return (
    actedOverSeenDeny(facts) &&
    crmMoved === true &&
    pairs.every((pair) => recordMoved(pair) !== null && pair.now.value === pair.before?.value)
  )
}
