import type { StackConnectionFile } from '../../dev/stack/connection-files.js'
import type { BenchControl } from './bench-control.js'

/** What a stand-in for a CRM prints when it is ready; further fields depend on the CRM. */
export interface ReadyCrm {
  readonly url: string
  readonly controlUrl: string
  readonly [fact: string]: unknown
}

/** One kind of CRM for a benchmark. Of the product it uses only the connection's file. */
export interface CrmPlace {
  /** Folder in `simulators/`. */
  readonly standIn: 'dynamics' | 'superoffice'
  /** The stand-in's options. */
  options(): Promise<Readonly<Record<string, unknown>>>
  /** The file for `lbsync connection apply`, and the secrets that it names. */
  connection(ready: ReadyCrm): {
    readonly file: StackConnectionFile
    readonly secrets: Readonly<Record<string, string>>
    /** The authority of its certificate; null: plain http, or a public authority. */
    readonly caPem: string | null
  }
  /** Adds people as if they had been there for a long time. */
  seed(control: BenchControl, people: Seed): Promise<void>
  /** From now on no webhook arrives. */
  loseWebhooks(control: BenchControl): Promise<void>
  /** Returns a function with which a user of the CRM forbids mail to an address; it knows who is there now. */
  denier(control: BenchControl): Promise<(email: string) => Promise<void>>
  /** Addresses that may not be mailed, by the CRM's data. */
  denied(control: BenchControl): Promise<ReadonlySet<string>>
}

/** People with consecutive numbers, and with the same basis in both systems. */
export interface Seed {
  readonly count: number
  readonly firstNumber: number
  readonly basis: 'consent' | 'withdrawn'
}

/** Pattern of all addresses; `{n}` is the number. */
export const EMAIL_PATTERN = 'person{n}@bench.example'
