import { createHash } from 'node:crypto'
import { INBOX_SHARDS } from '../../contracts/names.js'

/** The inbox shard of an id: the same one in every process and release. */
export function shardOf(id: string): number {
  return createHash('sha256').update(id).digest().readUInt32BE(0) % INBOX_SHARDS
}
