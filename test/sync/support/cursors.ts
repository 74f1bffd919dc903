import type { World } from './world.js'

/** Makes a system forget every cursor that it has issued. */
export async function expireCursor(world: World, side: 'crm' | 'emarketeer'): Promise<void> {
  if (side === 'crm') {
    await world.dynamicsSwitch({ expireDeltas: true })
  } else {
    await world.standIns.emarketeer.post('accounts/1001/expire', { cursors: true })
  }
}
