import type { z } from 'zod'
import type { Answer } from '../../../src/http/index.js'

/**
 * What a schema takes as it stands there, before `catch`, `nullish`, defaults and transformations: with them it takes
 * anything, and nothing could be seen to fail.
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

/** A value as JSON has it: a date is a text. */
type InJson<Value> = Value extends Date
  ? string
  : Value extends readonly (infer Item)[]
    ? readonly InJson<Item>[]
    : Value extends object
      ? Value
      : Value

/**
 * A carrier of `@superoffice/webapi` as the server sends it: names capitalised, dates as texts. Each property is taken to
 * be there, as all of them are optional.
 */
export type OnWire<Carrier> = {
  readonly [Name in keyof Carrier as Capitalize<Name & string>]-?: InJson<
    NonNullable<Carrier[Name]>
  >
}

/** Names in a schema that the vendor's type has not, or has with a type that the schema does not take. */
export type Misfits<Told, Schema> = {
  [Name in keyof Takes<Schema>]: Name extends keyof Told
    ? Told[Name] extends Takes<Schema>[Name]
      ? never
      : Name
    : Name
}[keyof Takes<Schema>]

/** `true` where a schema takes all that the vendor's type says; else the names it does not take. */
export type Fits<Told, Schema> = [keyof Takes<Schema>] extends [never]
  ? 'a schema without names'
  : [Misfits<Told, Schema>] extends [never]
    ? true
    : Misfits<Told, Schema>

/** `true`, unless a type is `any` or has no names: then nothing was compared with it. */
export type IsTold<Told> = 0 extends 1 & Told ? false : [keyof Told] extends [never] ? false : true
