import { isMainThread } from 'node:worker_threads'

// Preloaded into child programs: standard input ends when their parent does, however it ends. A preload runs in every
// thread; only the main thread owns standard input.
if (isMainThread) {
  process.stdin.on('end', () => process.exit(143))
  process.stdin.resume()
  process.stdin.unref()
}
