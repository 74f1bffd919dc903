import type { History } from './history.js'

/** Counterexamples that random histories have found, in shrunk form; each is tried in every run. */
export const FOUND_HISTORIES: readonly History[] = [
  // A late write of ours overwrites a withdrawal, and its record leaves before any pass has noticed the doubt (R0).
  {
    rich: true,
    basis: 'none',
    values: [0, 0],
    stamped: false,
    skewMs: 0,
    events: [
      { kind: 'join', row: 0, value: 0 },
      { kind: 'emarketeer', value: 1 },
      {
        kind: 'pass',
        during: [{ kind: 'crm', row: 0, value: 1 }],
        stopAfter: 99,
        delay: true,
      },
      {
        kind: 'pass',
        during: [{ kind: 'crm', row: 0, value: 0 }],
        stopAfter: 99,
        delay: false,
      },
      { kind: 'late', lands: true },
      { kind: 'leave', row: 0, value: 0 },
    ],
  },
  // A person who withdrew while alone at the address is a younger person after an older one comes back (C5).
  {
    rich: true,
    basis: 'none',
    values: [0, 0],
    stamped: false,
    skewMs: 0,
    events: [
      { kind: 'join', row: 0, value: 0 },
      { kind: 'crm', row: 0, value: 0 },
      {
        kind: 'pass',
        during: [{ kind: 'crm', row: 0, value: 1 }],
        stopAfter: 99,
        delay: false,
      },
      { kind: 'leave', row: 0, value: 0 },
      { kind: 'crm', row: 0, value: 0 },
      { kind: 'join', row: 0, value: 0 },
    ],
  },
  {
    rich: true,
    basis: 'none',
    values: [0, 2],
    stamped: false,
    skewMs: 0,
    events: [
      { kind: 'join', row: 0, value: 0 },
      { kind: 'leave', row: 0, value: 0 },
      { kind: 'pass', during: [], stopAfter: 99, delay: false },
      { kind: 'crm', row: 0, value: 0 },
      { kind: 'join', row: 0, value: 0 },
      {
        kind: 'pass',
        during: [{ kind: 'crm', row: 0, value: 0 }],
        stopAfter: 99,
        delay: false,
      },
    ],
  },
  // eMarketeer was restored to a time before a withdrawal that an older epoch had seen on both sides; its record
  // leaves.
  {
    rich: false,
    basis: 'consent',
    values: [1, 0],
    stamped: false,
    skewMs: 0,
    older: { basis: 'withdrawn', version: 2, values: [1, 0], versions: [0, 0] },
    events: [
      { kind: 'join', row: 0, value: 0 },
      { kind: 'leave', row: 0, value: 0 },
    ],
  },
  {
    rich: true,
    basis: 'consent',
    values: [1, 2],
    stamped: false,
    skewMs: 0,
    older: { basis: 'withdrawn', version: 2, values: [0, 1], versions: [0, 0] },
    events: [
      { kind: 'join', row: 0, value: 0 },
      { kind: 'leave', row: 0, value: 0 },
    ],
  },
]
