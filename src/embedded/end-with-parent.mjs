// Preloaded into programs that we start: standard input ends when their parent does, however it does.
process.stdin.on('end', () => process.exit(143))
process.stdin.resume()
process.stdin.unref()
