import { expect, it } from '@jest/globals'
import { documentOf, runLbsync } from './run-lbsync.js'

it.each(['worker', 'gateway'])(
  'a %s with nothing set names all that it needs in one message',
  async (command) => {
    const ended = await runLbsync([command, '--json'])
    const { error } = documentOf<{ error: { problems: readonly { path: string }[] } }>(ended)
    expect(error.problems.map(({ path }) => path).sort()).toEqual([
      'DATABASE_URL',
      'EMARKETEER_API_KEY',
      'EMARKETEER_SYNC_URL',
      'PUBLIC_URL',
    ])
    expect(ended.exitCode).toBe(2)
  },
)
