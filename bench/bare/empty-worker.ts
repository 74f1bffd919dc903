/** A worker of the same SDK with one empty workflow: `empty-worker.ts BUNDLE`, at `TEMPORAL_ADDRESS`. */
import { NativeConnection, Worker } from '@temporalio/worker'

const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS']! })
const worker = await Worker.create({
  connection,
  taskQueue: 'bench-empty',
  workflowBundle: { codePath: process.argv[2]! },
})
const running = worker.run()
process.stdout.write('{"ready":true}\n')
await running
await connection.close()
