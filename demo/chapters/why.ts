import type { CommandAnswer } from '../run-command.js'
import { emailOf, type Part } from '../people.js'
import type { Story } from '../story.js'
import { CONNECTION_ID, type Stage } from '../stage.js'

/** The people about whom Support asks, and what each answer must contain. */
const QUESTIONS: readonly (readonly [Part, ...RegExp[]])[] = [
  ['david', /Consent/, /evidence/i],
  ['carin', /Legitimate interest/i],
  ['elsa', /withdrawn/i, /sweep/i],
]

/** Support asks why a person has their present state. */
export async function whyChapter(story: Story, stage: Stage): Promise<void> {
  story.chapter('Support asks why')
  const answers = await Promise.all(
    QUESTIONS.map(([part]) => stage.lbsync('why', CONNECTION_ID, '--email', emailOf(part))),
  )
  for (const [index, [part, ...wanted]] of QUESTIONS.entries()) {
    const { stdout } = answers[index] as CommandAnswer
    story.say(`lbsync why ${CONNECTION_ID} --email ${emailOf(part)}`)
    story.quote(stdout)
    await story.claim(`the answer tells ${part}'s story`, 0, async () => {
      const missing = wanted.filter((pattern) => !pattern.test(stdout))
      return missing.length === 0 ? null : `no ${missing.map(String).join(', ')}`
    })
  }
}
