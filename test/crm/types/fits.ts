import type { z } from 'zod'
import type { Answer } from '../../../src/http/index.js'

/**
 * The type that a schema accepts before `catch`, `nullish`, defaults and transformations: with them it accepts
 * anything, and the comparison could not fail.
 */
type Takes<Schema> =
  Schema extends Answer<infer Inner>
    ? Takes<Inner>
    : Schema extends z.ZodPipe<infer Inner>
      ? Takes<Inner>
      : Schema extends
            | z.ZodCatch<infer Inner>
            | z.ZodOptional<infer Inner>
            | z.ZodNullable<infer Inner>
            | z.ZodDefault<infer Inner>
        ? Takes<Inner>
        : Schema extends z.ZodArray<infer Item>
          ? readonly Takes<Item>[]
          : Schema extends z.ZodObject<infer Shape>
            ? { readonly [Name in keyof Shape]: Takes<Shape[Name]> }
            : z.input<Schema>

/** A value in its JSON form: a date is a text. */
type InJson<Value> = Value extends Date
  ? string
  : Value extends readonly (infer Item)[]
    ? readonly InJson<Item>[]
    : Value extends object
      ? Value
      : Value

/**
 * A carrier of `@superoffice/webapi` in the server's form: names capitalised, dates as texts. Each property counts as
 * present, because all are optional.
 */
export type OnWire<Carrier> = {
  readonly [Name in keyof Carrier as Capitalize<Name & string>]-?: InJson<
    NonNullable<Carrier[Name]>
  >
}

/** Names in a schema that the vendor's type does not have, or has with a type that the schema does not accept. */
export type Misfits<Told, Schema> = {
  [Name in keyof Takes<Schema>]: Name extends keyof Told
    ? Told[Name] extends Takes<Schema>[Name]
      ? never
      : Name
    : Name
}[keyof Takes<Schema>]

/** `true` if a schema accepts everything in the vendor's type; otherwise the names that it does not accept. */
export type Fits<Told, Schema> = [keyof Takes<Schema>] extends [never]
  ? 'a schema without names'
  : [Misfits<Told, Schema>] extends [never]
    ? true
    : Misfits<Told, Schema>

/** `true`, unless a type is `any` or has no names: then nothing was compared with it. */
export type IsTold<Told> = 0 extends 1 & Told ? false : [keyof Told] extends [never] ? false : true
