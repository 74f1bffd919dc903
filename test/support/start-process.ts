/** Starts programs as child processes of a test, as `lbsync dev` does. */
export {
  startProgram as startProcess,
  type ProgramOptions as ProcessOptions,
  type RunningProgram as RunningProcess,
} from '../../dev/embedded/start-program.js'
