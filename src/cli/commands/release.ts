import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { QUEUES } from '../../contracts/names.js'
import { addGroup, addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'
import type { ReleaseView } from '../../app/release.js'

interface UseOptions extends JsonOption {
  readonly force?: boolean
}

/** `lbsync release show`, `lbsync release use` */
export function addRelease(program: Command, output: Output): void {
  const group = addGroup(program, 'release', 'which build of the workers gets the work')
  addLeaf(group, {
    usage: 'show',
    summary: 'show the builds that Temporal knows, and which of them has the work',
    exitCodes: [EXIT.unreachable],
  }).action(async ({ json = false }: JsonOption) => {
    const { showRelease } = await import('../../app/release.js')
    const shown = await showRelease()
    await output.answer(json, shown, () => textOf(shown))
  })
  addLeaf(group, {
    usage: 'use',
    summary: 'give the work to the build of this command, whose workers must run',
    exitCodes: [EXIT.refusedByRule, EXIT.unreachable],
    notes: 'Running workflows are checked first; if one does not fit this build, nothing changes.',
  })
    .option('--force', 'also if a running workflow does not fit; its tasks then fail')
    .action(async ({ json = false, force = false }: UseOptions) => {
      const { giveWork } = await import('../../app/release.js')
      const used = await giveWork(force)
      await output.answer(json, used, () =>
        [
          `Build ${used.buildId} is the current one.`,
          ...used.misfits.map((id) => `Does not fit: ${id}`),
        ].join('\n'),
      )
    })
}

function textOf({ buildId: own, builds }: ReleaseView): string {
  const lines = builds.map(({ buildId, current, queues }) => {
    const serves = queues.length === 0 ? 'no queue' : queues.join(', ')
    return `${buildId ?? 'without a version'}: ${current ? 'current' : 'not current'}, serves ${serves}`
  })
  const having = builds.find(({ current }) => current)?.queues ?? []
  const waiting = Object.values(QUEUES).filter((queue) => !having.includes(queue))
  const waits = `No worker of the current build serves ${waiting.join(', ')}; tasks there wait.`
  return [`This build is ${own}.`, ...lines, ...(waiting.length > 0 ? [waits] : [])].join('\n')
}
