import { describe, expect, it } from '@jest/globals'
import { isEcho, type CopiedValue, type OwnWrite } from '../../src/domain/own-echo.js'

const update: OwnWrite = { value: 'deny', creates: false }
const creation: OwnWrite = { value: 'deny', creates: true }
const copied: CopiedValue = { contactId: 'c', counts: true, value: 'deny', writtenByUs: true }

describe('an event that our own user caused', () => {
  it('is an echo where the copy has its value from our write', () => {
    expect(isEcho(update, 'c', copied)).toBe(true)
    expect(isEcho(update, null, copied)).toBe(true)
  })

  it.each<[string, Partial<CopiedValue>]>([
    ['another value', { value: 'allow' }],
    ['a value that cannot be read', { value: null }],
    ['a value that was read, in whatever version', { writtenByUs: false }],
    ['a record that is not live, or a row that a merge left behind', { counts: false }],
    ['another owner', { contactId: 'other' }],
  ])('is none where the copy has %s', (_what, change) => {
    expect(isEcho(update, 'c', { ...copied, ...change })).toBe(false)
  })

  it('is none where the copy does not have the row', () => {
    expect(isEcho(update, 'c', undefined)).toBe(false)
    expect(isEcho(creation, 'c', undefined)).toBe(false)
  })

  it('of a creation is an echo once the row has been read with that value', () => {
    expect(isEcho(creation, 'c', { ...copied, writtenByUs: false })).toBe(true)
    expect(isEcho(creation, 'c', { ...copied, writtenByUs: false, value: 'allow' })).toBe(false)
    expect(isEcho(creation, 'c', { ...copied, counts: false })).toBe(false)
  })
})
