import { Option, type Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { SETUP_ACTIONS, type SetupOverride } from '../../contracts/setup.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'
import { withTemporal } from '../resources.js'

interface Options extends JsonOption, SetupOverride {}

/** `lbsync setup override ID` */
export function addSetupOverride(group: Command, output: Output): void {
  addLeaf(group, {
    usage: 'override <id>',
    summary: 'decide what a paused step is to do',
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
    notes: '`lbsync setup status ID` shows the choices there are, as commands to be pasted.',
  })
    .requiredOption('--step <step>', 'step that waits, by its id')
    .addOption(
      new Option('--action <action>', 'what it is to do')
        .choices(SETUP_ACTIONS)
        .makeOptionMandatory(),
    )
    .option('--form-id <id>', 'form; with useForm, useTab, createTab')
    .option('--tab <name>', 'tab, by name or label; with useTab')
    .option('--view-id <id>', 'view; with useView')
    .requiredOption('--reason <text>', 'why; kept as evidence')
    .requiredOption('--by <name>', 'who; kept as evidence')
    .action(async (connectionId: string, { json = false, ...override }: Options) => {
      const { overrideSetup } = await import('../setup/override-setup.js')
      const answer = await withTemporal((temporal) =>
        overrideSetup(temporal, connectionId, override),
      )
      await output.answer(
        json,
        answer,
        () =>
          `Accepted: ${answer.action} for step ${answer.step}. See \`lbsync setup status ${connectionId}\`.`,
      )
    })
}
