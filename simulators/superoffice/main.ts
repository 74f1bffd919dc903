import { runProcess } from '../common/run-process.js'
import { startSuperoffice } from './start.js'

await runProcess(async (port, options) => {
  const { url, controlUrl, handedOut, close } = await startSuperoffice({ ...options, port })
  return { url, controlUrl, handedOut: { ...handedOut }, close }
})
