import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { createControl, type Control } from '../../demo/control.js'
import { connectionFiles, type StackConnectionFile } from '../../dev/stack/connection-files.js'
import { DEMO_DYNAMICS, startStack, type Stack } from '../../dev/stack/start-stack.js'
import { withFiles } from '../cli/files.js'
import { documentOf, runLbsync } from '../cli/run-lbsync.js'

const MINUTES = 60_000
const NEW_SECRET = 'another-secret-of-dynamics'
const CONTACT = { contactId: '9001', email: 'anna@example.test' }

const files = withFiles()
let stack: Stack
let dynamics: Control
let connectionFile: StackConnectionFile

beforeAll(async () => {
  stack = await startStack({ ui: false, dynamics: { keyActivationReads: 0 } })
  dynamics = createControl(stack.places.dynamics.controlUrl)
  connectionFile = connectionFiles({ dynamics: stack.places.dynamics, superOffice: null }).dynamics
  const emarketeer = createControl(stack.places.emarketeer.controlUrl)
  await emarketeer.send('POST', `accounts/${connectionFile.accountId}/seed`, {
    contacts: [{ ...CONTACT, consents: { marketingSendouts: { legalBasis: 'consent' } } }],
  })
  await dynamics.send('POST', 'rows/contact/bulk', {
    rows: [{ emailaddress1: CONTACT.email, donotbulkemail: false }],
  })
  expect(await apply(DEMO_DYNAMICS.secret)).toMatchObject({ exitCode: 0 })
}, 15 * MINUTES)

afterAll(async () => {
  await stack?.stop()
}, 15 * MINUTES)

it(
  'a secret that was changed pauses the connection, and the new one ends that immediately',
  async () => {
    const { clientId } = DEMO_DYNAMICS
    expect(await preSend('snd_before')).toMatchObject({ complete: true, eligible: 1 })
    await dynamics.send('POST', 'switches', {
      secret: { clientId, secret: NEW_SECRET },
      revokeTokens: true,
    })
    expect(await preSend('snd_refused')).toMatchObject({
      eligible: 0,
      excluded: { notVerified: 1 },
    })
    const reason = expect.stringMatching(/client secret is wrong or has expired.*AADSTS7000215/)
    const refused = { state: 'paused', pause: { mode: 'refused', reason, by: null } }
    expect(await shown()).toMatchObject(refused)

    // A wrong secret is refused before anything is stored, and ends nothing.
    expect(await apply('a wrong secret')).toMatchObject({ exitCode: 5 })
    expect(await shown()).toMatchObject(refused)

    expect(await apply(NEW_SECRET)).toMatchObject({ exitCode: 0 })
    expect(await shown()).toMatchObject({ state: 'active', pause: null, blocked: { crm: null } })
    expect(await preSend('snd_after')).toMatchObject({ complete: true, eligible: 1 })
    expect(await lbsync('sweep', 'now', connectionFile.connectionId)).toMatchObject({ exitCode: 0 })
  },
  15 * MINUTES,
)

async function apply(clientSecret: string) {
  const section = { ...(connectionFile['dynamics'] as object), clientSecret }
  return lbsync('connection', 'apply', await files.write({ ...connectionFile, dynamics: section }))
}

async function shown(): Promise<unknown> {
  return documentOf(await lbsync('connection', 'show', connectionFile.connectionId))
}

async function preSend(sendoutId: string): Promise<unknown> {
  const request = {
    connectionId: connectionFile.connectionId,
    sendoutId,
    stage: 'send',
    contactIds: [CONTACT.contactId],
    channel: 'email',
    categoryId: null,
    transactional: false,
    deadline: new Date(Date.now() + MINUTES).toISOString(),
  }
  return documentOf(await lbsync('pre-send', await files.write(request), '--wait'))
}

function lbsync(...args: string[]) {
  return runLbsync([...args, '--json'], stack.env)
}
