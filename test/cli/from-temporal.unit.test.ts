import { describe, expect, it } from '@jest/globals'
import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client'
import {
  ActivityFailure,
  ApplicationFailure,
  NamespaceNotFoundError,
  TerminatedFailure,
  WorkflowNotFoundError,
} from '@temporalio/common'
import { fromTemporal } from '../../src/app/known-error.js'

const grpc = (code: number, details = '') =>
  Object.assign(new Error('x'), { code, details, metadata: {} })
const told = (error: unknown) => {
  const known = fromTemporal(error)
  return known && [known.code, known.path, known.value, known.kind.exitCode]
}

describe('an error of Temporal’s client', () => {
  it('is the catalogue’s, with its place, where an activity failed with it', () => {
    const place = { path: 'clientSecret', value: 'AADSTS7000222' }
    const application = ApplicationFailure.nonRetryable('refused', 'crm_auth_failed', place)
    const activity = new ActivityFailure('failed', 'runSetupStep', '1', 'TIMEOUT', 'w', application)
    const failed = new WorkflowFailedError('failed', activity, 'NON_RETRYABLE_FAILURE')
    expect(told(failed)).toEqual(['crm_auth_failed', 'clientSecret', 'AADSTS7000222', 5])
  })

  it('is the refusal of an update', () => {
    const refusal = ApplicationFailure.nonRetryable('no reason', 'value_invalid')
    const failed = new WorkflowUpdateFailedError('refused', refusal)
    expect(told(failed)).toEqual(['value_invalid', null, null, 2])
  })

  it.each([
    ['a run that is not there', new WorkflowNotFoundError('gone', 'w', undefined), 'run_not_found'],
    ['no answer', grpc(14), 'temporal_unreachable'],
    ['a deadline', grpc(4), 'temporal_unreachable'],
    ['refused credentials', grpc(16), 'temporal_auth_failed'],
    ['an unknown namespace', grpc(5, 'Namespace nope is not found.'), 'temporal_namespace_missing'],
    ['the same by its class', new NamespaceNotFoundError('nope'), 'temporal_namespace_missing'],
  ])('tells %s', (_what, error, code) => {
    expect(fromTemporal(error)?.code).toBe(code)
  })

  it('says how a workflow ended that was terminated', () => {
    const failed = new WorkflowFailedError(
      'failed',
      new TerminatedFailure('by hand'),
      'NON_RETRYABLE_FAILURE',
    )
    expect(fromTemporal(failed)).toMatchObject({
      code: 'work_terminated',
      message: 'The workflow failed (terminated).',
    })
  })

  it('is none of Temporal’s otherwise', () => {
    expect(fromTemporal(new TypeError('x'))).toBeNull()
    expect(fromTemporal(grpc(3))).toBeNull()
    expect(fromTemporal('x')).toBeNull()
  })
})
