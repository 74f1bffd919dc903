import { parentPort } from 'node:worker_threads'
import type { Config } from './config.js'
import { explore } from './search.js'

/** Explores one configuration after the other, in a thread of its own: a heap of its own, and the second core. */
parentPort?.on('message', (config: Config) => parentPort?.postMessage(explore(config)))
