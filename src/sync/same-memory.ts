import type { DecidedCell } from './decide-cells.js'

/** Whether there is nothing new to store: at rest, a pass writes nothing at all. */
export function sameMemory({ plan, memory }: DecidedCell): boolean {
  return stable(plan.memory) === stable(memory)
}

function stable(memory: DecidedCell['memory']): string {
  const { seen } = memory
  return JSON.stringify([
    seen && [
      seen.basis,
      seen.version,
      seen.epoch,
      seen.setUnsettled ?? false,
      seen.records.map((r) => [r.recordId, r.value, r.version, r.want, r.left ?? false]),
    ],
    Object.entries(memory.openAllow).sort(),
    memory.openLoosen,
  ])
}
