import { runProcess } from '../common/run-process.js'
import { startDynamics } from './start-dynamics.js'

await runProcess((port, options) => startDynamics({ ...options, port }))
