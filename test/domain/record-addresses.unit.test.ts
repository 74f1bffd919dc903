import { describe, expect, it } from '@jest/globals'
import { recordAddresses } from '../../src/domain/record-addresses.js'

const NONE = { email: null, otherEmails: [], denyOnlyEmails: [] }

describe('where a record stands by its address fields', () => {
  it('is linked by its primary address alone (C5, B8)', () => {
    expect(
      recordAddresses({
        email: 'Anna@X.example\u200b',
        otherEmails: ['b@x.example', 'ANNA@x.example'],
        denyOnlyEmails: ['c@x.example', 'b@x.example', 'anna@x.example'],
      }),
    ).toEqual({
      home: 'anna@x.example',
      secondary: ['b@x.example'],
      denyOnly: ['c@x.example'],
      unusable: false,
    })
  })

  it('is linked by nothing where the primary field holds several or decorated addresses (A)', () => {
    expect(
      recordAddresses({
        email: 'a@x.example; b@x.example',
        otherEmails: ['b@x.example', 'Cy <c@x.example>'],
        denyOnlyEmails: ['d@x.example, e@x.example', 'none'],
      }),
    ).toEqual({
      home: null,
      secondary: ['b@x.example'],
      denyOnly: ['a@x.example', 'c@x.example', 'd@x.example', 'e@x.example'],
      unusable: true,
    })
  })

  it('without an address is nowhere, and not unusable', () => {
    const nowhere = { home: null, secondary: [], denyOnly: [], unusable: false }
    expect(recordAddresses(NONE)).toEqual(nowhere)
    expect(recordAddresses({ ...NONE, email: '\u00a0' })).toEqual(nowhere)
    expect(recordAddresses({ ...NONE, email: 'ask Anna' })).toEqual({ ...nowhere, unusable: true })
  })
})
