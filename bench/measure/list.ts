import { writeFile } from 'node:fs/promises'
import { DEMO_ACCOUNT } from '../../dev/stack/connection-files.js'
import { startProgram } from '../../dev/embedded/start-program.js'
import { ask, keepAlive } from '../bare/ask.js'
import type { Repetition, Run } from '../figures.js'
import { dynamicsPlace } from '../world/dynamics-place.js'
import { openWorld } from '../world/open-world.js'
import { CAMPAIGN } from '../world/truth.js'
import { quiet } from './quiet.js'
import { delay, LATENCY_MS } from './sendout.js'

const SENDOUT = 'snd_list'

interface Page {
  readonly entries: readonly unknown[]
  readonly nextCursor: string | null
}

/** Reads one sendout's complete list from the gateway, then the same bytes from a server that does nothing else. */
export async function* readLists(run: Run): AsyncGenerator<Repetition> {
  const opened = await openWorld(dynamicsPlace, run.size, false, run.note)
  const { world, campaigns } = opened
  const kept = `${world.directory}/pages.json`
  try {
    await campaigns.preSend({
      connectionId: world.connectionId,
      sendoutId: SENDOUT,
      ...CAMPAIGN,
      stage: 'send',
    })
    await quiet(world)
    await delay(world, LATENCY_MS)
    const gateway = `${world.gatewayUrl}/api/v1/sendouts/${SENDOUT}/mailing-list`
    for (let n = 0; n < run.repetitions; n += 1) {
      const ours = await readPages(gateway, world.gatewayApiKey)
      await writeFile(kept, JSON.stringify(ours.pages))
      const program = { entry: 'bench/bare/static-server.ts', args: [kept] }
      const server = await startProgram<{ readonly url: string }>(program)
      const bare = await readPages(server.ready.url, '').finally(() => server.stop())
      run.note(
        `  ${Math.round(ours.ms)} ms beside ${Math.round(bare.ms)} ms, ${ours.entries} entries`,
      )
      yield { values: [ours.ms / bare.ms], wrongOrMissing: ours.entries === bare.entries ? 0 : 1 }
    }
  } finally {
    await opened.stop()
  }
}

/** Reads page after page, as the campaign service does. @returns also the pages by their cursors. */
async function readPages(url: string, key: string) {
  const agent = keepAlive(url)
  const pages: Record<string, string> = {}
  let entries = 0
  let cursor: string | null = ''
  const startedAt = performance.now()
  while (cursor !== null) {
    const query = new URLSearchParams({
      accountId: DEMO_ACCOUNT.accountId,
      ...(cursor && { cursor }),
    })
    const headers = { authorization: `Bearer ${key}` }
    const answer = await ask({ method: 'GET', url: `${url}?${query}`, headers }, agent)
    if (answer.status !== 200) {
      throw new Error(`${url}: ${answer.status}`)
    }
    const page = JSON.parse((pages[cursor] = answer.body.toString('utf8'))) as Page
    entries += page.entries.length
    cursor = page.nextCursor
  }
  const ms = performance.now() - startedAt
  agent.destroy()
  return { ms, entries, pages }
}
