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

/** CPU time in the process and in the kernel for it, ms. */
export async function cpuMs(pid: number): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // After the name, which may have spaces: the 12th and 13th fields are ticks of 10 ms.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return stat === '' ? null : (Number(fields[11]) + Number(fields[12])) * 10
}
