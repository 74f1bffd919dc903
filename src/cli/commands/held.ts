import type { Command } from 'commander'
import { addGroup } from '../leaf-command.js'
import type { Output } from '../output.js'
import { addHeldList } from './held-list.js'
import { addHeldVerdict } from './held-verdict.js'

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
