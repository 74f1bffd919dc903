import { type Command, InvalidArgumentError } from 'commander'
import {
  addGroup,
  addEvidenceLeaf,
  addLeaf,
  type EvidenceOption,
  type JsonOption,
} from '../leaf-command.js'
import type { Output } from '../output.js'
import { EXIT } from '../../contracts/error-catalogue.js'
import type { ConnectionState } from '../../domain/connection-state.js'
import { withLedger, withTemporal } from '../../app/resources.js'
import { stopSignal } from '../stop-signal.js'
import type { SetupOverride } from '../../contracts/setup.js'
import { VALUE_OPTIONS } from '../setup/value-options.js'

/** `lbsync setup …` */
export function addSetup(program: Command, output: Output): void {
  const group = addGroup(
    program,
    'setup',
    'watch a set-up, decide what it waits for, and see what it would change',
  )
  addSetupPreview(group, output)
  addSetupStatus(group, output)
  addSetupHold(group, output, 'pause')
  addSetupHold(group, output, 'resume')
  addSetupOverride(group, output)
}

/** `lbsync setup status ID` */
function addSetupStatus(group: Command, output: Output): void {
  addLeaf(group, {
    usage: 'status <id>',
    summary: 'show how far set-up is, what it waits for, and what to do about it',
    exitCodes: [EXIT.notFound, EXIT.unreachable],
    notes:
      'On a terminal it follows set-up until it has ended, or until Ctrl-C, which ends the view only. ' +
      'If the connection is being disabled, or its installation removed, it shows that.',
  })
    .option('--once', 'show it once')
    .action(
      async (
        connectionId: string,
        { json = false, once = false }: JsonOption & { readonly once?: boolean },
      ) => {
        const { lookAtWork } = await import('../../app/setup/look-at-setup.js')
        const { statusLines } = await import('../setup/status-lines.js')
        const { paintFor } = await import('../terminal-text.js')
        const screen = process.stdout
        const paint = paintFor(screen)
        await withTemporal(async (temporal) => {
          const look = () => lookAtWork(temporal, connectionId, () => stateOf(connectionId))
          if (!json && !once && screen.isTTY) {
            const { watchSetup } = await import('../setup/watch-setup.js')
            await watchSetup({ look, screen, paint, signal: await stopSignal() })
            return
          }
          const now = await look()
          await output.answer(json, now.answer, () => statusLines(now, { paint }).join('\n'))
        })
      },
    )
}

/**
 * The connection's state; null if DATABASE_URL is not set or the database is unreachable, because set-up's status needs
 * only Temporal.
 */
async function stateOf(connectionId: string): Promise<ConnectionState | null> {
  if (!process.env['DATABASE_URL']) {
    return null
  }
  const { findConnection } = await import('../../ledger/connection/connections.js')
  const found = await withLedger((db) => findConnection(db, connectionId)).catch(() => null)
  return found?.state ?? null
}

/** `lbsync setup override ID` */
function addSetupOverride(group: Command, output: Output): void {
  const command = addLeaf(group, {
    usage: 'override <id>',
    summary: 'decide what a paused step does',
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
    notes: '`lbsync setup status ID` shows the choices, as commands to paste.',
  })
    .requiredOption('--step <step>', 'step that waits, by its id')
    .requiredOption('--action <action>', 'what the step does: one of the choices of the pause')
  Object.values(VALUE_OPTIONS).forEach(({ flag, takes, words }) =>
    command.option(`${flag} <${takes}>`, words),
  )
  command
    .option('--value <field=text>', 'any other value that the action needs; repeatable', intoValues)
    .requiredOption('--reason <text>', 'why; kept as evidence')
    .requiredOption('--by <name>', 'who; kept as evidence')
    .action(
      async (
        connectionId: string,
        { json = false, value, ...given }: JsonOption & SetupOverride & GivenValues,
      ) => {
        const override: SetupOverride = { ...value, ...given }
        const { overrideSetup } = await import('../../app/setup/steer-setup.js')
        const answer = await withTemporal((temporal) =>
          overrideSetup(temporal, connectionId, override),
        )
        await output.answer(
          json,
          answer,
          () =>
            `Accepted: ${answer.action} for step ${answer.step}. See \`lbsync setup status ${connectionId}\`.`,
        )
      },
    )
}

/** The values of repeated `--value` options. */
interface GivenValues {
  readonly value?: Readonly<Record<string, string>>
}

/** Adds a `--value` option. @throws InvalidArgumentError if it is not FIELD=TEXT, or its field was given before. */
function intoValues(
  given: string,
  earlier: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const [, field, text] = /^(\w+)=(.+)$/s.exec(given) ?? []
  if (field === undefined || text === undefined) {
    throw new InvalidArgumentError('It must be field=text, as the status writes it.')
  }
  if (earlier !== undefined && Object.hasOwn(earlier, field)) {
    throw new InvalidArgumentError(`The field ${field} is given twice.`)
  }
  return { ...earlier, [field]: text }
}

/** `lbsync setup preview ID` */
function addSetupPreview(group: Command, output: Output): void {
  addLeaf(group, {
    usage: 'preview <id>',
    summary: 'show what set-up would create or change, and where it would pause; change nothing',
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
    notes: 'The connection must have been applied once; its set-up may run, wait, or have ended.',
  }).action(async (connectionId: string, { json = false }: JsonOption) => {
    const { previewSetup } = await import('../../app/setup/steer-setup.js')
    const { previewLines } = await import('../setup/preview-lines.js')
    const { setupProgress } = await import('../setup/setup-progress.js')
    const { paintFor } = await import('../terminal-text.js')
    const preview = await withTemporal((temporal) =>
      previewSetup(temporal, connectionId, setupProgress(output)),
    )
    await output.answer(json, preview, () =>
      previewLines(preview, paintFor(process.stdout)).join('\n'),
    )
  })
}

/** `lbsync setup pause|resume ID` */
function addSetupHold(group: Command, output: Output, action: 'pause' | 'resume'): void {
  const summary = {
    pause: 'hold set-up back before its next step',
    resume: 'let set-up go on; a step that waits is tried again',
  }[action]
  addEvidenceLeaf(group, {
    usage: `${action} <id>`,
    summary,
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
  }).action(async (connectionId: string, { json = false, reason, by }: EvidenceOption) => {
    const { holdSetup } = await import('../../app/setup/steer-setup.js')
    const held = await withTemporal((temporal) =>
      holdSetup(temporal, connectionId, action, { reason, by }),
    )
    await output.answer(json, held, () =>
      action === 'pause'
        ? `Set-up of ${connectionId}: ${held.outcome}. It stops before its next step.`
        : `Set-up of ${connectionId}: ${held.outcome}. It goes on.`,
    )
  })
}
