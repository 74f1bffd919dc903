import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { standInControl, type StandInControl } from '../../simulators/common/control-client.js'

/** A stand-in's control API that can also read a dump longer than a string may be. */
export interface BenchControl extends StandInControl {
  /** Reads an NDJSON dump line by line. */
  each<T>(path: string): AsyncGenerator<T>
}

/** @param controlUrl as in the ready line. */
export function benchControl(controlUrl: string): BenchControl {
  return {
    ...standInControl(controlUrl),
    async *each<T>(path: string) {
      const response = await fetch(`${controlUrl}/${path}`)
      if (!response.ok || response.body === null) {
        throw new Error(`GET ${path}: ${response.status} ${await response.text()}`)
      }
      const input = Readable.fromWeb(response.body as ReadableStream<Uint8Array>)
      for await (const line of createInterface({ input })) {
        yield JSON.parse(line) as T
      }
    },
  }
}
