import type { StackConnectionFile } from '../../dev/stack/connection-files.js'
import type { StandInControl } from '../../simulators/common/control-client.js'

/** What a stand-in for a CRM prints when it is ready; what else it hands out depends on it. */
export interface ReadyCrm {
  readonly url: string
  readonly controlUrl: string
  readonly [fact: string]: unknown
}

/** One kind of CRM as a benchmark runs it: nothing of the product's is in it but the connection's file. */
export interface CrmPlace {
  /** Folder in `simulators/`. */
  readonly standIn: 'dynamics' | 'superoffice'
  /** The stand-in's options. */
  options(): Promise<Readonly<Record<string, unknown>>>
  /** The file for `lbsync connection apply`, and the secrets that it names. */
  connection(ready: ReadyCrm): {
    readonly file: StackConnectionFile
    readonly secrets: Readonly<Record<string, string>>
    /** The authority of its certificate; null: plain http, or none of its own. */
    readonly caPem: string | null
  }
  /** Puts people there as if they had been for long. */
  seed(control: StandInControl, people: Seed): Promise<void>
  /** From now on no webhook arrives. */
  loseWebhooks(control: StandInControl): Promise<void>
  /** The way to say there, as a user of the CRM, that an address may not be mailed; it knows who is there now. */
  denier(control: StandInControl): Promise<(email: string) => Promise<void>>
  /** Addresses that may not be mailed by what the CRM has. */
  denied(control: StandInControl): Promise<ReadonlySet<string>>
}

/** People numbered from a number on, with the same basis in both systems. */
export interface Seed {
  readonly count: number
  readonly firstNumber: number
  readonly basis: 'consent' | 'withdrawn'
}

/** Everybody's address, by number; `{n}` is the number. */
export const EMAIL_PATTERN = 'person{n}@bench.example'
