import { readFile, writeFile } from 'node:fs/promises'

/** What Linux tells of a process; null elsewhere. */

/** The most memory that it had since {@link forgetPeak}, MB. */
export function peakMegabytes(pid: number): Promise<number | null> {
  return megabytes(pid, 'VmHWM')
}

/** The memory that it has, MB. */
export function megabytesNow(pid: number): Promise<number | null> {
  return megabytes(pid, 'VmRSS')
}

async function megabytes(pid: number, name: string): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const kilobytes = new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]
  return kilobytes === undefined ? null : Math.round(Number(kilobytes) / 1024)
}

/** From now on the peak is counted anew (proc(5), clear_refs). */
export async function forgetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => undefined)
}

/** Time that it has computed, in it and for it in the system. */
export async function cpuMs(pid: number): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // After the name, which may have spaces: the 12th and 13th are ticks of 10 ms.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return stat === '' ? null : (Number(fields[11]) + Number(fields[12])) * 10
}
