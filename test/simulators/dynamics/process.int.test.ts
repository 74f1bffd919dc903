import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from '@jest/globals'

const COMMAND = ['--import', 'tsx', 'simulators/dynamics/main.ts', '--port', '0']

it.each(['stdin ends', 'SIGTERM comes'])('runs as a process and stops when %s', async (how) => {
  const child = spawn(process.execPath, COMMAND, { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const ready = JSON.parse(line.toString()) as { ready: boolean; controlUrl: string }
  expect(ready.ready).toBe(true)
  expect((await fetch(`${ready.controlUrl}/state`)).status).toBe(200)
  if (how === 'stdin ends') {
    child.stdin.end()
  } else {
    child.kill('SIGTERM')
  }
  const [code] = (await exited) as [number | null]
  expect(code).toBe(0)
})
