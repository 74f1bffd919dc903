import { describe, expect, it } from '@jest/globals'
import { createSecretsVault } from '../../src/config/secrets/secrets-vault.js'
import { Secret } from '../../src/config/secrets/secret.js'
import { caught } from './caught.js'

const place = { connectionId: 'acme', field: 'dynamics.clientSecret' }
const vault = createSecretsVault([new Secret('service-key')])

/** `sealed` with one bit of its body flipped. */
function flipBit(sealed: string, byte: number): string {
  const [version, keyId, body = ''] = sealed.split('.')
  const bytes = Buffer.from(body, 'base64url')
  bytes[byte] = (bytes[byte] ?? 0) ^ 1
  return `${version}.${keyId}.${bytes.toString('base64url')}`
}

describe('secrets vault', () => {
  it('opens what it sealed, and seals the same text differently each time', () => {
    const sealed = [vault.seal('pässword', place), vault.seal('pässword', place)]
    expect(sealed.map((one) => vault.open(one, place))).toEqual(['pässword', 'pässword'])
    expect(sealed[0]).not.toBe(sealed[1])
    expect(sealed.join()).not.toContain('pässword')
  })

  it.each([0, 12, 15, -1])('refuses a value with a flipped bit in byte %d', (byte) => {
    const sealed = vault.seal('password', place)
    const length = Buffer.from(sealed.split('.')[2] ?? '', 'base64url').length
    const altered = flipBit(sealed, byte < 0 ? length + byte : byte)
    expect(caught(() => vault.open(altered, place)).code).toBe('value_invalid')
  })

  it('refuses a value moved to another connection or field', () => {
    const sealed = vault.seal('password', place)
    for (const other of [
      { ...place, connectionId: 'other' },
      { ...place, field: 'dynamics.other' },
    ]) {
      expect(caught(() => vault.open(sealed, other)).code).toBe('value_invalid')
    }
  })

  it.each(['', 'v1', 'v1.x', 'v2.aaaaaaaa.aaaa', 'v1.aaaa.aaaa.aaaa'])(
    'refuses %j as no sealed value',
    (text) => {
      expect(caught(() => vault.open(text, place)).code).toBe('value_invalid')
    },
  )

  it('refuses a body cut short', () => {
    const [version, keyId] = vault.seal('x', place).split('.')
    expect(caught(() => vault.open(`${version}.${keyId}.AAAA`, place)).code).toBe('value_invalid')
  })

  it('opens with an earlier key, and names the variable when it knows none', () => {
    const sealed = vault.seal('password', place)
    const rotated = createSecretsVault([new Secret('new-key'), new Secret('service-key')])
    expect(rotated.open(sealed, place)).toBe('password')
    const error = caught(() => createSecretsVault([new Secret('new-key')]).open(sealed, place))
    expect(error).toMatchObject({ code: 'environment_invalid', path: 'SECRETS_KEY' })
  })
})
