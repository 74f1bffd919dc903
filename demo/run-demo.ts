import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectTemporal } from '../src/config/temporal/temporal.js'
import type { Output } from '../src/cli/output.js'
import { startStack } from '../dev/stack/start-stack.js'
import {
  firstSyncChapter,
  sweepChapter,
  whyChapter,
  withinSecondsChapter,
} from './chapters/everyday.js'
import { lifeChapter, removalChapter } from './chapters/life.js'
import { privacyChapter } from './chapters/privacy.js'
import { sendoutChapter } from './chapters/sendout.js'
import { setUpChapter } from './chapters/set-up.js'
import { superOfficeCustomers } from './chapters/superoffice.js'
import { Stage } from './stage.js'
import { Story, type Claim } from './story.js'

interface DemoReport {
  readonly held: number
  readonly failed: number
  readonly seconds: number
  readonly claims: readonly Claim[]
}

const CHAPTERS = [
  setUpChapter,
  firstSyncChapter,
  withinSecondsChapter,
  sweepChapter,
  sendoutChapter,
  whyChapter,
  superOfficeCustomers,
  lifeChapter,
  removalChapter,
  privacyChapter,
]

/** Runs the checked tour on the complete stack. It ends everything that it started, whatever happens. */
export async function runDemo(output: Output, signal: AbortSignal): Promise<DemoReport> {
  const startedAt = performance.now()
  const story = new Story(output, signal)
  let stage: Stage | null = null
  let early = ''
  story.chapter('The whole product on this machine')
  const stack = await startStack({
    ui: true,
    superOffice: true,
    signal,
    note: (line) => story.say(line),
    onLog: (chunk) => {
      if (stage) {
        stage.log += chunk
      } else {
        early += chunk
      }
    },
  })
  try {
    story.say(
      `Temporal's UI: ${stack.places.temporalUiUrl ?? '(the server given by TEMPORAL_ADDRESS)'}`,
    )
    stage = new Stage(stack, await connectTemporal({ ...stack.env }))
    stage.log += early
    await stage.seed()
    for (const chapter of CHAPTERS) {
      signal.throwIfAborted()
      await chapter(story, stage)
    }
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    await stage?.strike()
    await stack.stop()
    if (stage !== null && !story.allHeld && !signal.aborted) {
      story.say(`What all processes logged: ${await keepLog(stage.log)}`)
    }
  }
  const held = story.claims.filter((claim) => claim.held).length
  return {
    held,
    failed: story.claims.length - held,
    seconds: Math.round((performance.now() - startedAt) / 1000),
    claims: story.claims,
  }
}

/** Stores the log, so that a person can find out why a claim failed. */
async function keepLog(log: string): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'lbsync-demo-log-')), 'all.log')
  await writeFile(path, log)
  return path
}
