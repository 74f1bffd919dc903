import { parentPort, workerData } from 'node:worker_threads'
import type { Config } from './config.js'
import { explore } from './search.js'

/** One exploration in a thread of its own: a heap of its own, and the second core. */
parentPort?.postMessage(explore(workerData as Config))
