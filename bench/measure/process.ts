import { readFile, writeFile } from 'node:fs/promises'

/** What Linux reports of a process; null on other systems. */

/** Peak memory since {@link forgetPeak}, MB. */
export function peakMegabytes(pid: number): Promise<number | null> {
  return megabytes(pid, 'VmHWM')
}

/** Current memory, MB. */
export function megabytesNow(pid: number): Promise<number | null> {
  return megabytes(pid, 'VmRSS')
}

async function megabytes(pid: number, name: string): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const kilobytes = new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]
  return kilobytes === undefined ? null : Math.round(Number(kilobytes) / 1024)
}

/** Resets the peak (proc(5), clear_refs). */
export async function forgetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => undefined)
}

/**
 * CPU time of all processes of a database server, ms: unlike the time of statements, other load on the machine hardly
 * affects it. @param backendPid any process that serves a connection to it.
 */
export async function serverCpuMs(backendPid: number): Promise<number> {
  const server = await parentOf(backendPid)
  const children = await readFile(`/proc/${server}/task/${server}/children`, 'utf8').catch(() => '')
  const pids = [server, ...children.trim().split(' ').map(Number)]
  const times = await Promise.all(pids.map(async (pid) => (await statOf(pid)) ?? []))
  // Of processes that have ended the server has the sum: the 14th and 15th fields.
  const ended = (fields: readonly string[]) => Number(fields[13] ?? 0) + Number(fields[14] ?? 0)
  const own = (fields: readonly string[]) => Number(fields[11] ?? 0) + Number(fields[12] ?? 0)
  return (ended(times[0]!) + times.reduce((sum, fields) => sum + own(fields), 0)) * 10
}

async function parentOf(pid: number): Promise<number> {
  return Number((await statOf(pid))?.[1] ?? pid)
}

/** CPU time in the process and in the kernel for it, ms. */
export async function cpuMs(pid: number): Promise<number | null> {
  const fields = await statOf(pid)
  return fields === null ? null : (Number(fields[11]) + Number(fields[12])) * 10
}

/** The fields of proc(5)'s `stat` after the process's name, which may have spaces; null: there is no such process. */
async function statOf(pid: number): Promise<readonly string[] | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat === '' ? null : stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}
