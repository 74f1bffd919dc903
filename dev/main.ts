import { addDemo } from '../demo/demo-command.js'
import { runCli } from '../src/cli/program.js'
import { addDev } from './dev-command.js'

// The command line in a checkout: the image's, with the commands for trials.
await runCli(process.argv.slice(2), [addDev, addDemo])
