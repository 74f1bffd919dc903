import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createCampaignClient, type CampaignClient } from '../../src/client/index.js'
import { connectTemporal, type TemporalClient } from '../../src/config/temporal/temporal.js'
import { EMAIL_PATTERN, type CrmPlace } from './crm-place.js'
import { startWorld, type World } from './start-world.js'
import { Truth } from './truth.js'

/** A world whose people a first sync has read, and whose CRM sends no webhooks about later changes. */
export interface OpenedWorld {
  readonly world: World
  readonly place: CrmPlace
  readonly truth: Truth
  readonly client: TemporalClient['client']
  readonly campaigns: CampaignClient
  /** All addresses, in both systems. */
  readonly emails: readonly string[]
  /** When set-up with its first sync began and ended, Unix ms. */
  readonly setUp: { readonly fromMs: number; readonly toMs: number }
  /** A user of the CRM forbids mail to this person. */
  readonly deny: (email: string) => Promise<void>
  stop(): Promise<void>
}

/** Options of a world that differs from the usual one. */
interface Opening {
  /** Runs after everybody is there, before set-up. */
  readonly beforeSetUp?: (world: World, truth: Truth) => Promise<unknown>
  /** The CRM's webhooks keep arriving. */
  readonly withWebhooks?: true
}

/**
 * Opens a world. @param profiled starts the worker and the database so that they can be profiled (measure/profile.ts).
 */
export async function openWorld(
  place: CrmPlace,
  contacts: number,
  profiled: boolean,
  note: (line: string) => void,
  { beforeSetUp, withWebhooks }: Opening = {},
): Promise<OpenedWorld> {
  const world = await startWorld(place, profiled, () => undefined)
  try {
    const truth = new Truth(world, place)
    await truth.seed(contacts)
    await beforeSetUp?.(world, truth)
    const fromMs = Date.now()
    await apply(world.connectionFile, world.env)
    const setUp = { fromMs, toMs: Date.now() }
    note(
      `${contacts} contacts: set-up and first sync took ${Math.round((setUp.toMs - fromMs) / 1000)} s`,
    )
    if (!withWebhooks) {
      await place.loseWebhooks(world.crm)
    }
    const { client, connection } = await connectTemporal({ ...world.env })
    return {
      world,
      place,
      truth,
      setUp,
      client,
      campaigns: createCampaignClient({
        temporal: client,
        gatewayUrl: world.gatewayUrl,
        gatewayApiKey: world.gatewayApiKey,
      }),
      emails: Array.from({ length: contacts }, (_, n) =>
        EMAIL_PATTERN.replace('{n}', String(n + 1)),
      ),
      deny: await place.denier(world.crm),
      async stop() {
        await connection.close()
        await world.stop()
      },
    }
  } catch (error) {
    await world.stop()
    throw error
  }
}

/** Runs a command as a user does; the error shows its log if it fails. */
async function apply(file: string, env: Readonly<Record<string, string>>): Promise<void> {
  const args = ['bin/lbsync.mjs', 'connection', 'apply', file]
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (log += chunk))
  const [exitCode] = (await once(child, 'close')) as [number | null]
  if (exitCode !== 0) {
    throw new Error(`connection apply ended with ${exitCode}:\n${log}`)
  }
}
