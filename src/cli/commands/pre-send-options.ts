import { Option } from 'commander'
import type { SendoutStage } from '../../contracts/pre-send.js'

const STAGES: readonly SendoutStage[] = ['checklist', 'send']

/** `--stage`, which together with the sendout id names a pre-send. */
export function stageOption(): Option {
  return new Option('--stage <stage>', 'stage of the sendout').choices(STAGES).makeOptionMandatory()
}

/** `--account`, by which another account's sendout of the same id is refused. */
export function accountOption(): Option {
  return new Option(
    '--account <id>',
    'whose sendout it is; needed where more than one account has one of this id',
  )
}
