import {
  DefaultPayloadConverter,
  type ConverterHint,
  type Payload,
  type SerializationContext,
} from '@temporalio/common'
import { decode } from '@temporalio/common/lib/encoding.js'
import { Undecodable } from './schema.js'

/** Longest part of an encoding's name to show. */
const MAX_NAME = 40

/**
 * Temporal's own converter, except that a payload it cannot decode is no error. Anybody who may signal or start a
 * workflow can send one (Temporal's UI offers `json/protobuf`), and an error while decoding fails the workflow's task
 * again and again: the workflow would be stuck, and every later message with it.
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

/** Temporal's bundler and worker look for this name. */
export const payloadConverter = new TolerantPayloadConverter()

function encodingOf({ metadata }: Payload): string | null {
  const name = metadata?.['encoding']
  return name ? decode(name).slice(0, MAX_NAME) : null
}
