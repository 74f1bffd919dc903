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
  story.quote(answer.stdout)
  await story.claim(`the answer tells ${part}'s story`, 0, async () => {
    const missing = wanted.filter((pattern) => !pattern.test(answer.stdout))
    return missing.length === 0 ? null : `no ${missing.map(String).join(', ')}`
  })
}
