import {
  DefaultPayloadConverter,
  type ConverterHint,
  type Payload,
  type SerializationContext,
} from '@temporalio/common'
import { decode } from '@temporalio/common/lib/encoding.js'
import { Undecodable } from './schema.js'

/** Longest part of an encoding's name that is shown. */
const MAX_NAME = 40

/**
 * Temporal's own converter, except that a payload which it cannot decode is not an error. Anybody who may signal or
 * start a workflow can send one (Temporal's UI offers `json/protobuf`). An error while decoding fails the workflow's
 * task again and again, so that the workflow, and every later message to it, would be stuck.
 */
class TolerantPayloadConverter extends DefaultPayloadConverter {
  override fromPayload<T>(
    payload: Payload,
    context?: SerializationContext,
    hint?: ConverterHint<T>,
  ): T {
    try {
      return super.fromPayload<T>(payload, context, hint)
    } catch {
      return new Undecodable(encodingOf(payload)) as T
    }
  }
}

/** Temporal's bundler and worker import this name. */
export const payloadConverter = new TolerantPayloadConverter()

function encodingOf({ metadata }: Payload): string | null {
  const name = metadata?.['encoding']
  return name ? decode(name).slice(0, MAX_NAME) : null
}
