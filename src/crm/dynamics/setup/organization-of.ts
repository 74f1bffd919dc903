import { AppError } from '../../../contracts/app-error.js'
import type { DynamicsFacts } from '../facts.js'

/** What the step "connect" learned. @throws AppError `internal` where it has not run. */
export function organizationOf(facts: DynamicsFacts): NonNullable<DynamicsFacts['organization']> {
  if (facts.organization === undefined) {
    throw new AppError('internal', 'the step "connect" must run first')
  }
  return facts.organization
}
