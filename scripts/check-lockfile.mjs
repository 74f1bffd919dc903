/**
 * Checks package-lock.json against what `npm ci` needs; with --complete, adds what is missing.
 *
 * `npm ci` refuses a lock file that lacks an optional package, even one for another platform. With a registry that
 * carries only some platforms, `npm install` silently leaves the others out. A package for another platform is never
 * fetched here, but is elsewhere: its checksum is required.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const systems = ['darwin', 'win32', 'freebsd', 'android', 'openharmony', 'linux']
const processors = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64']

/** Optional packages that the lock file's packages require in one exact version and that it lacks. */
function missingPackages(packages) {
  return Object.values(packages).flatMap((entry) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name, version]) => /^\d/.test(version) && !packages[`node_modules/${name}`])
      .map(([name, version]) => ({ name, version, dev: entry.dev === true })),
  )
}

/** Packages of the registry without a checksum. Any content under their name and version would be accepted. */
function withoutChecksum(packages) {
  return Object.entries(packages)
    .filter(([path, entry]) => path !== '' && !entry.link && !entry.integrity)
    .map(([path, entry]) => ({ path, name: path.replace(/^.*node_modules\//, ''), entry }))
}

/** The registry's data on a package, requested by npm as for an install. */
function checksumOf(name, version) {
  const text = execFileSync('npm', ['view', `${name}@${version}`, 'dist.integrity'], {
    encoding: 'utf8',
  })
  if (!/^sha512-[A-Za-z0-9+/]{86}==\n$/.test(text)) {
    throw new Error(`${name}@${version}: the registry tells no checksum`)
  }
  return text.trim()
}

/** A lock file entry in npm's form, without the checksum. */
function entryOf({ name, version, dev }) {
  const system = systems.find((candidate) => name.includes(candidate))
  const processor = processors.find((candidate) => name.includes(candidate))
  if (system === undefined || processor === undefined) {
    throw new Error(`${name}: no telling which platform it is for; add it to the lock file by hand`)
  }
  return { version, cpu: [processor], ...(dev && { dev }), optional: true, os: [system] }
}

/** Faults of package-lock.json that prevent a clean `npm ci`, one sentence each. */
export function lockfileFaults(root) {
  const text = readFileSync(join(root, 'package-lock.json'), 'utf8')
  const faults = missingPackages(JSON.parse(text).packages).map(
    ({ name }) => `${name} is missing (node scripts/check-lockfile.mjs --complete)`,
  )
  faults.push(
    ...withoutChecksum(JSON.parse(text).packages).map(
      ({ name }) => `${name} has no checksum (node scripts/check-lockfile.mjs --complete)`,
    ),
  )
  if (/"resolved": "http/.test(text)) {
    faults.push('it names registry hosts (see omit-lockfile-registry-resolved in .npmrc)')
  }
  return faults.map((fault) => `package-lock.json: ${fault}`)
}

function complete(path) {
  const lock = JSON.parse(readFileSync(path, 'utf8'))
  for (const missing of missingPackages(lock.packages)) {
    lock.packages[`node_modules/${missing.name}`] = entryOf(missing)
  }
  for (const { name, entry } of withoutChecksum(lock.packages)) {
    entry.integrity = checksumOf(name, entry.version)
  }
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1))
  writeFileSync(
    path,
    `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`,
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv[2] === '--complete') {
  complete(join(process.cwd(), 'package-lock.json'))
}
