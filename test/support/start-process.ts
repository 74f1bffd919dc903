/** Programs as child processes of a test, as `lbsync dev` runs its own. */
export {
  startProgram as startProcess,
  type ProgramOptions as ProcessOptions,
  type RunningProgram as RunningProcess,
} from '../../dev/embedded/start-program.js'
