import type { Command } from 'commander'
import { addGroup } from '../leaf-command.js'
import type { Output } from '../output.js'
import { addConnectionApply } from './connection-apply.js'
import { addConnectionList } from './connection-list.js'
import { addConnectionPause } from './connection-pause.js'
import { addConnectionRemoveInstalled } from './connection-remove-installed.js'
import { addConnectionResume } from './connection-resume.js'
import { addConnectionRetry } from './connection-retry.js'
import { addConnectionRotateWebhooks } from './connection-rotate-webhooks.js'
import { addConnectionShow } from './connection-show.js'

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
