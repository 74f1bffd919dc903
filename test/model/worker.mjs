/** A thread does not inherit the TypeScript loader on Node 20: it registers one, then starts. */
import { register } from 'tsx/esm/api'

register()
await import('./worker.ts')
