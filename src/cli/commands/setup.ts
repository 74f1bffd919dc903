import type { Command } from 'commander'
import { addGroup } from '../leaf-command.js'
import type { Output } from '../output.js'
import { addSetupHold } from './setup-hold.js'
import { addSetupOverride } from './setup-override.js'
import { addSetupPreview } from './setup-preview.js'
import { addSetupStatus } from './setup-status.js'

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
