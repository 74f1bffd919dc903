import type { Output } from '../output.js'
import { startStack } from '../stack/start-stack.js'
import { privacyChapter } from './chapters/privacy.js'
import { sendoutChapter } from './chapters/sendout.js'
import { setUpChapter } from './chapters/set-up.js'
import { sweepChapter } from './chapters/sweep.js'
import { whyChapter } from './chapters/why.js'
import { withinSecondsChapter } from './chapters/within-seconds.js'
import { Stage } from './stage.js'
import { Story, type Claim } from './story.js'

/** What the tour came to. */
export interface DemoReport {
  readonly held: number
  readonly failed: number
  readonly seconds: number
  readonly claims: readonly Claim[]
}

/** The told and checked tour over the whole stack; everything it started is ended, whatever happens. */
export async function runDemo(output: Output, signal: AbortSignal): Promise<DemoReport> {
  const startedAt = performance.now()
  const story = new Story(output)
  let stage: Stage | null = null
  let early = ''
  story.chapter('The whole product on this machine')
  const stack = await startStack({
    ui: true,
    note: (line) => story.say(line),
    onLog: (chunk) => {
      if (stage) {
        stage.log += chunk
      } else {
        early += chunk
      }
    },
  })
  stage = new Stage(stack)
  stage.log += early
  try {
    story.say(
      `Temporal's UI: ${stack.places.temporalUiUrl ?? '(the server given by TEMPORAL_ADDRESS)'}`,
    )
    await stage.seed()
    const chapters = [
      setUpChapter,
      withinSecondsChapter,
      sweepChapter,
      sendoutChapter,
      whyChapter,
      privacyChapter,
    ]
    for (const chapter of chapters) {
      signal.throwIfAborted()
      await chapter(story, stage)
    }
  } finally {
    await stack.stop()
    await stage.strike()
  }
  const held = story.claims.filter((claim) => claim.held).length
  return {
    held,
    failed: story.claims.length - held,
    seconds: Math.round((performance.now() - startedAt) / 1000),
    claims: story.claims,
  }
}
