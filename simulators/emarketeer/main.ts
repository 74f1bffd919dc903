import { runProcess } from '../common/run-process.js'
import type { EmarketeerOptions } from './options.js'
import { startEmarketeer } from './start.js'

await runProcess((port, options) => startEmarketeer({ ...(options as EmarketeerOptions), port }))
