/**
 * Loaded first into jest's processes (scripts/test.mjs). Jest replaces a process between two files once its `heapUsed`
 * exceeds `workerIdleMemoryLimit`; that is the main thread's heap alone, while a process with its own threads and
 * native memory (Temporal's workers, the model) may be several times as large. So jest gets the size of the process.
 */
const { memoryUsage } = process
process.memoryUsage = Object.assign(() => {
  const usage = memoryUsage()
  return { ...usage, heapUsed: usage.rss }
}, memoryUsage)
