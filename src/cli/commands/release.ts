import type { Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { addGroup, addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'

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
    const { showRelease } = await import('../release.js')
    const shown = await showRelease()
    await output.answer(json, shown, () =>
      [
        `This build is ${shown.buildId}.`,
        ...shown.builds.map(({ buildId, current, served }) => {
          const name = buildId ?? 'without a version'
          return `${name}: ${current ? 'current' : 'not current'}, ${served ? 'served' : 'not served'}`
        }),
      ].join('\n'),
    )
  })
  addLeaf(group, {
    usage: 'use',
    summary: 'give the work to the build of this command, whose workers must run',
    exitCodes: [EXIT.refusedByRule, EXIT.unreachable],
    notes:
      'What runs is gone through first; where something does not fit this build, nothing is changed.',
  })
    .option('--force', 'also where something that runs does not fit; its tasks then fail')
    .action(async ({ json = false, force = false }: UseOptions) => {
      const { giveWork } = await import('../release.js')
      const used = await giveWork(force)
      await output.answer(json, used, () =>
        [
          `Build ${used.buildId} is the current one.`,
          ...used.misfits.map((id) => `Does not fit: ${id}`),
        ].join('\n'),
      )
    })
}
