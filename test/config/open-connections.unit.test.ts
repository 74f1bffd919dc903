import { describe, expect, it } from '@jest/globals'
import {
  openDatabaseConnection,
  openTemporalConnection,
} from '../../src/config/open-connections.js'
import { readTemporalProfile } from '../../src/config/temporal/temporal-profile.js'

describe('a connection that others may read', () => {
  it.each([
    ['postgres://u:p@db.example/d', 'not encrypted'],
    ['postgres://u:p@10.0.0.7/d', 'not encrypted'],
    ['postgres://u:p@db.example/d?sslmode=disable', 'not encrypted'],
    ['postgres://u:p@db.example/d?sslmode=no-verify', 'not checked'],
    ['postgres://u:p@db.example/d?sslmode=require&uselibpqcompat=true', 'not checked'],
    ['postgres://u:p@localhost.example/d', 'not encrypted'],
    ['postgres://u:p@localhost/d?host=db.example', 'not encrypted'],
  ])('is %s', (url, word) => {
    expect(openDatabaseConnection(url)?.message).toContain(word)
  })

  it.each([
    'postgres://u:p@127.0.0.1/d',
    'postgres://u:p@localhost:5432/d',
    'postgres://u:p@[::1]/d',
    'postgres://u:p@db.example/d?sslmode=verify-full',
    'postgres:///d?host=/var/run/postgresql',
  ])('is not %s', (url) => {
    expect(openDatabaseConnection(url)).toBeNull()
  })

  it.each<[Record<string, string>, boolean]>([
    [{ TEMPORAL_ADDRESS: 'temporal.example:7233' }, true],
    [{ TEMPORAL_ADDRESS: 'temporal.example:7233', TEMPORAL_TLS: 'true' }, false],
    [{ TEMPORAL_ADDRESS: 'temporal.example:7233', TEMPORAL_API_KEY: 'k' }, false],
    [{ TEMPORAL_ADDRESS: '127.0.0.1:7233' }, false],
    [{}, false],
  ])('to Temporal by %j: %s', (variables, open) => {
    expect(openTemporalConnection(readTemporalProfile(variables)) !== null).toBe(open)
  })
})
