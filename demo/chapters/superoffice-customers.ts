import type { Story } from '../story.js'
import type { Stage } from '../stage.js'
import { superOfficeOnsiteChapter } from './superoffice-onsite.js'
import { superOfficeSendoutsChapter } from './superoffice-sendouts.js'
import { superOfficeChapter } from './superoffice.js'

/** Two customers with SuperOffice. They are set up at the same time, as customers are, and told of one by one. */
export async function superOfficeCustomers(story: Story, stage: Stage): Promise<void> {
  const apply = async (name: string, file: unknown) =>
    stage.lbsync('connection', 'apply', await stage.file(name, file))
  const [nord, fjord] = await Promise.all([
    apply('nord.json', stage.files.online),
    apply('fjord.json', stage.files.onsite),
  ])
  await superOfficeChapter(story, stage, nord)
  await superOfficeSendoutsChapter(story, stage)
  await superOfficeOnsiteChapter(story, stage, fjord)
}
