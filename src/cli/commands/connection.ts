import type { Command } from 'commander'
import {
  addGroup,
  addEvidenceLeaf,
  addLeaf,
  type EvidenceOption,
  type JsonOption,
} from '../leaf-command.js'
import type { Output } from '../output.js'
import { addConnectionShow } from './connection-show.js'
import { EXIT } from '../../contracts/error-catalogue.js'
import type { ConnectionSummary } from '../../app/connection/connection-view.js'
import { userName, withLedger } from '../../app/resources.js'
import { textTable } from '../terminal-text.js'

/** `lbsync connection …` */
export function addConnection(program: Command, output: Output): void {
  const group = addGroup(
    program,
    'connection',
    'connect an account to its CRM, and look at connections',
  )
  addConnectionApply(group, output)
  addConnectionList(group, output)
  addConnectionShow(group, output)
  addConnectionPause(group, output)
  addConnectionResume(group, output)
  addConnectionRetry(group, output)
  addConnectionRotateWebhooks(group, output)
  addConnectionRemoveInstalled(group, output)
}

/** `lbsync connection apply FILE`: "Apply changes". */
function addConnectionApply(group: Command, output: Output): void {
  addLeaf(group, {
    usage: 'apply <file>',
    summary: 'check a connection file, store it, and run set-up; "crm":"none" disables',
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
  })
    .option('--no-wait', 'do not wait until set-up, or the disabling, has ended')
    .option('--no-setup', 'check and store only; look first with `lbsync setup preview`')
    .option('--by <name>', 'who; kept as evidence if it disables (your user name)')
    .action(
      async (
        file: string,
        {
          json = false,
          wait,
          setup,
          by,
        }: JsonOption & { readonly wait: boolean; readonly setup: boolean; readonly by?: string },
      ) => {
        const { applyConnection } = await import('../../app/connection/apply-connection.js')
        const { setupProgress } = await import('../setup/setup-progress.js')
        const applied = await applyConnection(file, {
          wait,
          setup,
          progress: setupProgress(output),
          by: by ?? userName(),
        })
        await output.answer(json, applied, () =>
          [
            `Connection ${applied.connectionId} is ${applied.state}.`,
            ...(applied.joined
              ? [
                  `${applied.workflowId} was already running: a step that waits is tried again with the new settings; ` +
                    'to repeat steps that have ended, apply again after it has ended.',
                ]
              : []),
            ...(setup
              ? wait
                ? []
                : [`${applied.workflowId} goes on.`]
              : [
                  `Set-up was not started: lbsync setup preview ${applied.connectionId}, then apply again.`,
                ]),
          ].join('\n'),
        )
      },
    )
}

/** `lbsync connection list` */
function addConnectionList(group: Command, output: Output): void {
  addLeaf(group, {
    usage: 'list',
    summary: 'list all connections',
    exitCodes: [EXIT.unreachable],
  }).action(async ({ json = false }: JsonOption) => {
    const { listConnections } = await import('../../ledger/connection/connections.js')
    const { keptFor, summaryOf } = await import('../../app/connection/connection-view.js')
    const connections = await withLedger(async (db) => {
      const rows = await listConnections(db)
      return Promise.all(rows.map(async (row) => summaryOf(row, await keptFor(db, row))))
    })
    await output.answer(json, { connections }, () =>
      connections.length === 0
        ? 'There is no connection yet: `lbsync connection apply FILE` creates one.'
        : textTable(
            ['CONNECTION', 'ACCOUNT', 'CRM', 'STATE', 'PAUSED'],
            connections.map((c) => [c.connectionId, c.accountId, c.crm, c.state, pausedText(c)]),
          ),
    )
  })
}

/** The mode of the pause and its start. `connection show` has the reasons. */
function pausedText({ pause }: ConnectionSummary): string {
  if (pause === null) {
    return ''
  }
  const how = {
    all: 'by a person',
    loosening: 'by a person, opt-outs flow',
    refused: 'by itself: the CRM refuses us',
  }[pause.mode]
  return pause.since === null ? how : `${how}, since ${pause.since}`
}

/** `lbsync connection pause ID` */
function addConnectionPause(group: Command, output: Output): void {
  addEvidenceLeaf(group, {
    usage: 'pause <id>',
    summary: 'sync nothing but sendouts until the connection is resumed',
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
  })
    .option('--opt-outs-flow', 'hold back only what makes somebody more mailable')
    .action(
      async (
        connectionId: string,
        {
          json = false,
          reason,
          by,
          optOutsFlow = false,
        }: EvidenceOption & { readonly optOutsFlow?: boolean },
      ) => {
        const { pauseConnection } = await import('../../app/connection/interventions.js')
        const mode = optOutsFlow ? 'loosening' : 'all'
        const paused = await pauseConnection({ connectionId, reason, by }, mode, output)
        await output.answer(json, paused, () =>
          optOutsFlow
            ? `Connection ${connectionId} is paused; opt-outs flow.`
            : `Connection ${connectionId} is paused.`,
        )
      },
    )
}

/** `lbsync connection resume ID` */
function addConnectionResume(group: Command, output: Output): void {
  addEvidenceLeaf(group, {
    usage: 'resume <id>',
    summary: 'end a pause, and sweep immediately',
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
  }).action(async (connectionId: string, { json = false, reason, by }: EvidenceOption) => {
    const { resumeConnection } = await import('../../app/connection/interventions.js')
    const resumed = await resumeConnection({ connectionId, reason, by }, output)
    await output.answer(
      json,
      resumed,
      () => `Connection ${connectionId} is ${resumed.state}; a sweep starts immediately.`,
    )
  })
}

const NAMES = { emarketeer: 'eMarketeer', crm: 'the CRM' }

/** `lbsync connection retry ID` */
function addConnectionRetry(group: Command, output: Output): void {
  addEvidenceLeaf(group, {
    usage: 'retry <id>',
    summary: 'call both systems again immediately, whatever stopped the calls',
    exitCodes: [EXIT.notFound, EXIT.unreachable],
  }).action(async (connectionId: string, { json = false, reason, by }: EvidenceOption) => {
    const { retryConnection } = await import('../../app/connection/interventions.js')
    const retried = await retryConnection({ connectionId, reason, by })
    await output.answer(json, retried, () =>
      retried.opened.length === 0
        ? `Nothing kept us from calling the systems of ${connectionId}.`
        : retried.opened
            .map(({ side, code }) => `The next piece of work calls ${NAMES[side]} again (${code}).`)
            .join('\n'),
    )
  })
}

/** `lbsync connection rotate-webhooks ID` */
function addConnectionRotateWebhooks(group: Command, output: Output): void {
  addEvidenceLeaf(group, {
    usage: 'rotate-webhooks <id>',
    summary: 'give the webhooks of both sides new addresses and secrets',
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
  }).action(async (connectionId: string, { json = false, reason, by }: EvidenceOption) => {
    const { rotateWebhooks } = await import('../../app/connection/interventions.js')
    const rotated = await rotateWebhooks({ connectionId, reason, by }, output)
    await output.answer(json, rotated, () =>
      rotated.installed
        ? `Both sides post to new addresses. The former ones are accepted until ${rotated.formerAcceptedUntil}.`
        : `The CRM did not accept the new address (${rotated.reason}). The former one stays in use; fix the cause, and rotate again.`,
    )
  })
}

/** `lbsync connection remove-installed ID` */
function addConnectionRemoveInstalled(group: Command, output: Output): void {
  addEvidenceLeaf(group, {
    usage: 'remove-installed <id>',
    summary: 'disable a connection, and remove what set-up installed in the CRM',
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
  })
    .option('--no-wait', 'do not wait until it has ended')
    .action(
      async (
        connectionId: string,
        { json = false, reason, by, wait }: EvidenceOption & { readonly wait: boolean },
      ) => {
        const { removeInstalled } = await import('../../app/connection/remove-installed.js')
        const { setupProgress } = await import('../setup/setup-progress.js')
        const request = { connectionId, reason, by }
        const removed = await removeInstalled(request, { wait, progress: setupProgress(output) })
        await output.answer(json, removed, () =>
          [
            `Connection ${connectionId} is ${removed.state}.`,
            ...removed.steps.flatMap(({ title, note }) =>
              note === null ? [] : [`${title}: ${note}`],
            ),
            ...(wait ? [] : [`${removed.workflowId} goes on.`]),
          ].join('\n'),
        )
      },
    )
}
