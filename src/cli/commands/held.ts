import type { Command } from 'commander'
import {
  addGroup,
  addEvidenceLeaf,
  addLeaf,
  type EvidenceOption,
  type JsonOption,
} from '../leaf-command.js'
import type { Output } from '../output.js'
import { EXIT } from '../../contracts/error-catalogue.js'
import { withLedger } from '../../app/resources.js'
import { textTable, workText } from '../terminal-text.js'

/** `lbsync held …` */
export function addHeld(program: Command, output: Output): void {
  const group = addGroup(
    program,
    'held',
    'loosenings held because more contacts would become mailable than the limit allows',
  )
  addHeldList(group, output)
  addHeldVerdict(group, output, 'approve')
  addHeldVerdict(group, output, 'reject')
}

/** `lbsync held list ID`: names the addresses, because somebody has to judge who would be mailed. */
function addHeldList(group: Command, output: Output): void {
  addLeaf(group, {
    usage: 'list <id>',
    summary: 'list what is held, oldest first',
    exitCodes: [EXIT.notFound, EXIT.unreachable],
    notes: 'Shows e-mail addresses.',
  }).action(async (connectionId: string, { json = false }: JsonOption) => {
    const { requireConnection } = await import('../../app/connection/require-running.js')
    const { heldLoosenings } = await import('../../ledger/run/runs.js')
    const held = await withLedger(async (db) => {
      await requireConnection(db, connectionId)
      return (await heldLoosenings(db, connectionId)).map((item) => ({
        addressId: item.addressId,
        address: item.address,
        cell: item.cellKey,
        line: item.line,
        since: item.since.toISOString(),
        tier: item.tier,
      }))
    })
    await output.answer(json, { connectionId, held }, () =>
      held.length === 0
        ? 'Nothing is held.'
        : textTable(
            ['ADDRESS', 'WHAT', 'RULE', 'SINCE', 'TIER'],
            held.map((item) => [item.address, item.cell, item.line, item.since, item.tier ?? '']),
          ),
    )
  })
}

/** `lbsync held approve ID` and `lbsync held reject ID`: one decision on everything held. */
function addHeldVerdict(group: Command, output: Output, action: 'approve' | 'reject'): void {
  const summary = {
    approve: 'let everything held become mailable, each decided again',
    reject: 'take the restrictive value for everything held',
  }[action]
  addEvidenceLeaf(group, {
    usage: `${action} <id>`,
    summary,
    exitCodes: [EXIT.notFound, EXIT.refusedByRule, EXIT.unreachable],
  }).action(async (connectionId: string, { json = false, reason, by }: EvidenceOption) => {
    const { decideHeld } = await import('../../app/decide-held.js')
    const decided = await decideHeld(action, { connectionId, reason, by }, output)
    await output.answer(json, decided, () =>
      decided.report === null
        ? 'Nothing is held.'
        : `${decided.cells} held decisions ${decided.decision}: ${workText(decided.report)}.`,
    )
  })
}
