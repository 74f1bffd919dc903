import { addDemo } from '../demo/demo-command.js'
import { runCli } from '../src/cli/run-cli.js'
import { addDev } from './dev-command.js'

// The command line in a checkout: what the image has, and what is for trying out.
await runCli(process.argv.slice(2), [addDev, addDemo])
