import type { SetupPause, StepState, StepStatus } from '../../contracts/setup.js'
import { moved, STEP_TRANSITIONS } from '../../domain/transitions.js'
import type { StepDescription } from '../../contracts/setup-activities.js'

/** A step in the workflow's state. */
export interface BoardStep {
  readonly weight: number
  /**
   * Whether Support may skip it after a failure. Absent, which means false, in state that comes from an earlier
   * release.
   */
  readonly skippable?: boolean
  readonly status: StepStatus
  /** Time spent on the work in ms, without waits for a person. */
  readonly workedMs: number
}

/** The steps in order, each with its state. Pure: everything that set-up shows is derived from it. */
export type Board = readonly BoardStep[]

/** All steps, none started. */
export function newBoard(steps: readonly StepDescription[]): Board {
  return steps.map(({ id, title, weight, skippable = false }) => ({
    weight,
    skippable,
    workedMs: 0,
    status: {
      id,
      title,
      state: 'pending',
      startedAt: null,
      endedAt: null,
      attempts: 0,
      pause: null,
      note: null,
    },
  }))
}

/** The first step that has not ended; null: all have. */
export function nextStep(board: Board): StepStatus | null {
  return board.find(({ status }) => !hasEnded(status.state))?.status ?? null
}

export function stepOf(board: Board, id: string): StepStatus | null {
  return board.find(({ status }) => status.id === id)?.status ?? null
}

/** Whether Support may skip a step after a failure. */
export function isSkippable(board: Board, id: string): boolean {
  return board.find(({ status }) => status.id === id)?.skippable ?? false
}

/** Starts or retries a step. A paused one stays paused until the try has a result. */
export function begun(board: Board, id: string, nowMs: number): Board {
  return changed(board, id, ({ status, ...step }) => ({
    ...step,
    status: {
      ...status,
      state: to(status, status.state === 'paused' ? 'paused' : 'running'),
      startedAt: status.startedAt ?? new Date(nowMs).toISOString(),
      attempts: status.attempts + 1,
    },
  }))
}

export function worked(board: Board, id: string, ms: number): Board {
  return changed(board, id, (step) => ({ ...step, workedMs: step.workedMs + ms }))
}

/** Pauses a step until a person decides. */
export function paused(board: Board, id: string, pause: SetupPause): Board {
  return withStatus(board, id, (status) => ({
    ...status,
    state: to(status, 'paused'),
    pause,
  }))
}

export function ended(
  board: Board,
  id: string,
  state: 'done' | 'skipped' | 'failed',
  note: string | null,
  nowMs: number,
): Board {
  return withStatus(board, id, (status) => ({
    ...status,
    state: to(status, state),
    note,
    endedAt: new Date(nowMs).toISOString(),
    // The reason for which an aborted step waited stays readable.
    pause: state === 'failed' ? status.pause : null,
  }))
}

/** Progress of set-up in percent. @param running completed share of the running step, 0–1. */
export function percentOf(board: Board, running = 0): number {
  const total = sum(board.map(({ weight }) => weight))
  return total === 0 ? 0 : Math.floor((100 * doneWeight(board, running)) / total)
}

/**
 * Seconds left, from the steps' usual durations and the pace of this run (a test organisation takes seconds, a real one
 * minutes). A step that reports its share is estimated by its own pace, because the first sync depends on the number of
 * contacts.
 */
export function remainingSecondsOf(board: Board, running = 0, nowMs: number | null = null): number {
  const ended = board.filter(({ status }) => status.state === 'done')
  const usualSeconds = sum(ended.map(({ weight }) => weight))
  const spentSeconds = sum(ended.map(({ workedMs }) => workedMs)) / 1_000
  const pace = usualSeconds < MIN_PACE_SECONDS ? 1 : clamp(spentSeconds / usualSeconds)
  const weightLeft = sum(board.map(({ weight }) => weight)) - doneWeight(board, running)
  const own = running < MIN_SHARE || nowMs === null ? null : ownSecondsLeft(board, running, nowMs)
  return Math.round(
    own === null ? weightLeft * pace : own.seconds + (weightLeft - own.weightLeft) * pace,
  )
}

/**
 * Seconds left of the running step by its own pace; null if it was interrupted, because its share then gives no pace.
 */
function ownSecondsLeft(board: Board, share: number, nowMs: number) {
  const step = board.find(({ status }) => status.state === 'running')
  if (step === undefined || step.status.attempts > 1 || step.status.startedAt === null) {
    return null
  }
  const left = 1 - Math.min(1, share)
  const spentSeconds = (nowMs - Date.parse(step.status.startedAt)) / 1_000
  return { seconds: (spentSeconds * left) / share, weightLeft: step.weight * left }
}

/** Below this share a step's own pace is not meaningful. */
const MIN_SHARE = 0.05

/** Below this much finished work, in seconds, the pace is not meaningful. */
const MIN_PACE_SECONDS = 20

function clamp(pace: number): number {
  return Math.min(5, Math.max(0.01, pace))
}

function doneWeight(board: Board, running: number): number {
  return sum(
    board.map(({ weight, status: { state } }) =>
      hasEnded(state) ? weight : state === 'running' ? weight * Math.min(1, running) : 0,
    ),
  )
}

function hasEnded(state: StepState): boolean {
  return state === 'done' || state === 'skipped'
}

/** The next state of a step, by the transition table. */
function to({ state }: StepStatus, next: StepState): StepState {
  return moved(STEP_TRANSITIONS, state, next)
}

function withStatus(board: Board, id: string, change: (status: StepStatus) => StepStatus): Board {
  return changed(board, id, (step) => ({ ...step, status: change(step.status) }))
}

function changed(board: Board, id: string, change: (step: BoardStep) => BoardStep): Board {
  return board.map((step) => (step.status.id === id ? change(step) : step))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
