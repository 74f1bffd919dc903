import { parentPort } from 'node:worker_threads'
import type { Config } from './config.js'
import { explore } from './search.js'

/** Explores one configuration after the other in a separate thread, with its own heap, on the second core. */
parentPort?.on('message', (config: Config) => parentPort?.postMessage(explore(config)))
