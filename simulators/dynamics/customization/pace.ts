/** Kinds of customization, with different durations. */
export type Customization =
  | 'createTable'
  | 'replaceTable'
  | 'deleteTable'
  | 'createColumn'
  | 'replaceColumn'
  | 'deleteColumn'
  | 'createKey'
  | 'deleteKey'
  | 'createRelationship'
  | 'replaceRelationship'
  | 'deleteRelationship'
  | 'publish'

/** Seconds each takes in a medium-sized organisation (wire page, sections 9.3, 9.4 and 9.6). */
const SECONDS: Readonly<Record<Customization, number>> = {
  createTable: 60,
  replaceTable: 8,
  deleteTable: 45,
  createColumn: 8,
  replaceColumn: 5,
  deleteColumn: 8,
  createKey: 5,
  deleteKey: 5,
  createRelationship: 28,
  replaceRelationship: 8,
  deleteRelationship: 10,
  publish: 60,
}

/** Seconds of a write to rows that are components; others take none. */
const ROW_SECONDS: Readonly<Record<string, number>> = {
  systemforms: 8,
  savedqueries: 8,
  serviceendpoints: 3,
  sdkmessageprocessingsteps: 2,
  publishers: 2,
  solutions: 2,
}

/** Seconds until the index of a new key on an empty table is active. */
const KEY_INDEX_SECONDS = 20

/**
 * Duration of customizing: with `factor` 1 as in a real organisation, with 0 none. `extraMs` is added to every
 * customization.
 */
export class Pace {
  constructor(
    public factor: number,
    private readonly extraMs: number,
  ) {}

  customizationMs(kind: Customization): number {
    return this.extraMs + this.factor * SECONDS[kind] * 1000
  }

  /** Duration of a request that writes rows of this set. */
  rowWriteMs(entitySet: string): number {
    return this.factor * (ROW_SECONDS[entitySet] ?? 0) * 1000
  }

  keyIndexMs(): number {
    return this.factor * KEY_INDEX_SECONDS * 1000
  }
}
