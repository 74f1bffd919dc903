import type { Story } from '../story.js'
import { CONNECTION_ID, type Stage } from '../stage.js'
import { emailOf, type Part } from '../people.js'

/** Support asks why somebody is as they are. */
export async function whyChapter(story: Story, stage: Stage): Promise<void> {
  story.chapter('Support asks why')
  await ask(story, stage, 'david', /Consent/, /evidence/i)
  await ask(story, stage, 'carin', /Legitimate interest/i)
  await ask(story, stage, 'elsa', /withdrawn/i, /sweep/i)
}

async function ask(story: Story, stage: Stage, part: Part, ...wanted: RegExp[]): Promise<void> {
  story.say(`lbsync why ${CONNECTION_ID} --email ${emailOf(part)}`)
  const answer = await stage.lbsync('why', CONNECTION_ID, '--email', emailOf(part))
  const text = JSON.stringify(answer.document ?? '')
  for (const sentence of sentencesOf(answer.document)) {
    story.say(`  ${sentence}`)
  }
  await story.claim(`the answer tells ${part}'s story`, 0, async () => {
    const missing = wanted.filter((pattern) => !pattern.test(text))
    return missing.length === 0 ? null : `no ${missing.map(String).join(', ')} in ${text.slice(0, 600)}`
  })
}

function sentencesOf(document: unknown): readonly string[] {
  const sentences = (document as { sentences?: unknown } | undefined)?.sentences
  return Array.isArray(sentences) ? (sentences as string[]) : []
}
