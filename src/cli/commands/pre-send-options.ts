import { Option } from 'commander'
import type { SendoutStage } from '../../contracts/pre-send.js'

const STAGES: readonly SendoutStage[] = ['checklist', 'send']

/** `--stage`, which together with the sendout id names a pre-send. */
export function stageOption(): Option {
  return new Option('--stage <stage>', 'stage of the sendout').choices(STAGES).makeOptionMandatory()
}
