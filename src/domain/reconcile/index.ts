/**
 * The rule that every sync calls, for every trigger. No other code decides a basis, a toggle or a subscription
 * (docs/reconciliation.md).
 */
export * from './types.js'
export { decideToggle } from './toggle.js'
export { decideRich } from './rich.js'
export { planRich, planToggle } from './plan.js'
export { decidePartly, planPartly } from './without-proof.js'
export { decideForHolders, planForHolders } from './without-proof.js'
export {
  acknowledgeEmarketeer,
  acknowledgeRichRecord,
  acknowledgeToggleRecord,
  type RichReadBack,
} from './acknowledge.js'
export {
  anyInDoubt,
  doubted,
  inDoubt,
  isNextVersion,
  type DoubtContext,
  type RowVersion,
} from './doubt.js'
export { hasInheritedDeny } from './departed.js'
export { arrivedDenies } from './departed.js'
export {
  denyOfLeaver,
  settledIn,
  takenAlong,
  withDeparted,
  type LeavingReading,
} from './leaving.js'
export { isLeftWith, isLeftWithByPurpose, isMemory } from './stored-memory.js'
export { isDeny, kindOf, LINES_OVER_NO_DENY, RICH, TOGGLE, type ValueKind } from './values.js'
export { countsAsBasis, newlyMapped } from './mailable.js'
export { loosens, makesMailable, newlyMappedIn, type PlannedCell } from './mailable.js'
