import type { GatewayTemporal, TemporalAccess } from '../../src/gateway/temporal-access.js'
import { AppError } from '../../src/contracts/app-error.js'

type Signal = Parameters<GatewayTemporal['workflow']['signalWithStart']>

/** A Temporal for tests: records its calls, and can be unreachable. */
export class FakeTemporal implements TemporalAccess {
  readonly signals: { readonly type: unknown; readonly options: Record<string, unknown> }[] = []
  away = false
  /** A signal waits for it before it is accepted. */
  gate: Promise<void> = Promise.resolve()

  private waiting: (() => void)[] = []

  /** Resolves at the next signal. */
  nextSignal(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  async client(): Promise<GatewayTemporal> {
    if (this.away) {
      throw new AppError('temporal_unreachable', 'Temporal does not answer.')
    }
    const signalWithStart = async (...[type, options]: Signal) => {
      this.signals.push({ type, options: options as unknown as Record<string, unknown> })
      this.waiting.splice(0).forEach((resolve) => resolve())
      await this.gate
    }
    return {
      withDeadline: (_deadline: unknown, call: () => Promise<unknown>) => call(),
      workflow: { signalWithStart },
      workflowService: { describeNamespace: async () => ({}) },
      options: { namespace: 'default' },
    } as unknown as GatewayTemporal
  }

  async close(): Promise<void> {}

  get signalledIds(): unknown[] {
    return this.signals.map(({ options }) => options['workflowId'])
  }
}
