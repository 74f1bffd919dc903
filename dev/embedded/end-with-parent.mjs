import { isMainThread } from 'node:worker_threads'

// Preloaded into programs that we start: standard input ends when their parent does, however it does.
// A preload runs in every thread of the program; only the main one owns standard input.
if (isMainThread) {
  process.stdin.on('end', () => process.exit(143))
  process.stdin.resume()
  process.stdin.unref()
}
