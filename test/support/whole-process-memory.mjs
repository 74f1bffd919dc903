/**
 * Loaded into jest's processes before anything else (scripts/test.mjs). Jest replaces a process between two files once its
 * `heapUsed` is above `workerIdleMemoryLimit`; that is the main thread's heap alone, and a process with threads of its own and
 * native memory (Temporal's workers, the model) may be several times as large. So jest is told the size of the process.
 */
const { memoryUsage } = process
process.memoryUsage = Object.assign(() => {
  const usage = memoryUsage()
  return { ...usage, heapUsed: usage.rss }
}, memoryUsage)
