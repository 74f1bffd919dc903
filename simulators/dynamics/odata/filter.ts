import type { Literal } from './literal.js'

/** A comparison operator of `$filter`. */
export type Comparison = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le'

/** A parsed `$filter`. A path is a column, or a navigation property and a column. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Filter[] }
  | { readonly kind: 'not'; readonly part: Filter }
  | {
      readonly kind: 'compare'
      readonly path: readonly string[]
      readonly operator: Comparison
      readonly value: Literal
    }
  | { readonly kind: 'in'; readonly column: string; readonly values: readonly string[] }
  | {
      readonly kind: 'text'
      readonly test: 'contains' | 'startswith' | 'endswith'
      readonly path: readonly string[]
      readonly value: string
    }

/** The number of conditions as the service counts them: one per comparison, one per `In()`. */
export function countConditions(filter: Filter): number {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.parts.reduce((sum, part) => sum + countConditions(part), 0)
    case 'not':
      return countConditions(filter.part)
    case 'compare':
    case 'in':
    case 'text':
      return 1
  }
}
