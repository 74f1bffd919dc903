import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll } from '@jest/globals'

/** A connection file that is valid except for a test's changes. */
export const GOOD_CONNECTION = {
  connectionId: 'acme-dynamics',
  accountId: '1001',
  crm: 'dynamics',
  legalBasisSync: true,
  dynamics: {
    environmentUrl: 'https://acme.crm4.dynamics.com',
    tenantId: '5a1f0c3e-0000-4000-8000-000000000001',
    clientId: '5a1f0c3e-0000-4000-8000-000000000002',
    clientSecret: { env: 'ACME_SECRET' },
  },
} as const

/** A pre-send request that is valid except for a test's changes. */
export const GOOD_REQUEST = {
  connectionId: 'acme-dynamics',
  sendoutId: 'snd_77',
  campaignId: '501',
  componentId: '9001',
  stage: 'send',
} as const

/** Writes JSON files for the commands of a test file into a directory of its own, which is removed at the end. */
export function withFiles(): { write(content: unknown): Promise<string> } {
  let directory = ''
  let written = 0
  beforeAll(async () => {
    directory = await mkdtemp(`${tmpdir()}/lbsync-cli-`)
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))
  return {
    async write(content) {
      written += 1
      const path = `${directory}/file-${written}.json`
      await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
      return path
    },
  }
}
