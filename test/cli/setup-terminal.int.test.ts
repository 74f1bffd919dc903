import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, it, jest } from '@jest/globals'
import { workflowIds } from '../../src/contracts/names.js'
import { checkoutRoot } from '../../src/checkout.js'
import { override } from '../workflows/support/setup-runs.js'
import { withSetups } from './setup-fakes.js'

jest.setTimeout(480_000)
const setups = withSetups()
const { temporal } = setups

const children: ChildProcess[] = []

/** Python, which the product's tests need anyway, can give a program a terminal. */
const ON_A_TERMINAL = 'import pty,sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)'

/** `lbsync setup status ID` as a person sees it on a terminal. */
function statusOnTerminal(id: string) {
  const command = [process.execPath, 'bin/lbsync.mjs', 'setup', 'status', id]
  const child = spawn('python3', ['-c', ON_A_TERMINAL, ...command], {
    cwd: checkoutRoot,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      TERM: 'xterm-256color',
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  children.push(child)
  let text = ''
  const watchers = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    watchers.forEach((watcher) => watcher())
  })
  return {
    type: (keys: string) => child.stdin.write(keys),
    text: () => text,
    /** Resolves after this was written. */
    shows: (wanted: string) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (text.includes(wanted)) {
            watchers.delete(look)
            resolve()
          }
        }
        watchers.add(look)
        look()
      }),
    ended: once(child, 'close').then(([code]) => code as number | null),
  }
}

// The terminal ends with Python, and with it the programs on it.
afterEach(() => void children.splice(0).forEach((child) => child.kill()))

describe('setup status on a terminal', () => {
  it('shows each change in place, in colour, and ends with set-up', async () => {
    await setups.paused('acme-live')
    const view = statusOnTerminal('acme-live')
    await view.shows('setup override acme-live --step form --action useForm --form-id f-1')
    const handle = temporal.client.workflow.getHandle(workflowIds.setup('acme-live'))
    await handle.signal('override', override('form', 'skip'))
    expect(await view.ended).toBe(0)
    const [, last] = view.text().split('Set-up of acme-live: done')
    expect(view.text()).toContain('\u001B[?25l')
    expect(last).toContain('100 %')
    expect(last).toContain('\u001B[32m✔\u001B[0m Start the background sweep')
    expect(view.text().trimEnd().endsWith('\u001B[?25h')).toBe(true)
  })

  it('ends with Ctrl-C, and leaves set-up alone', async () => {
    await setups.paused('acme-left')
    const view = statusOnTerminal('acme-left')
    await view.shows('formUncertain')
    view.type('\u0003')
    expect(await view.ended).toBe(0)
    expect(view.text().trimEnd().endsWith('\u001B[?25h')).toBe(true)
    const handle = temporal.client.workflow.getHandle(workflowIds.setup('acme-left'))
    expect((await handle.describe()).status.name).toBe('RUNNING')
  })
})
