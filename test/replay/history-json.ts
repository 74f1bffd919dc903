import { createRequire } from 'node:module'
import type { temporal } from '@temporalio/proto'

/** A history as clients give it and replay takes it. */
export type History = temporal.api.history.v1.IHistory

/**
 * The SDK's own conversions want one copy of protobufjs in the whole of node_modules, and npm may install several: these
 * use the copy that the SDK's message types are made with.
 */
const ofSdk = createRequire(createRequire(import.meta.url).resolve('@temporalio/proto'))

interface MessageType {
  fromObject(object: unknown): unknown
}
interface ProtoJson {
  toJson(type: MessageType, message: unknown): unknown
  fromJson(type: MessageType, json: unknown, options: { ignoreUnknownFields: boolean }): unknown
}

const { toJson, fromJson } = ofSdk('protobufjs/ext/protojson') as ProtoJson
const { patchProtobufRoot } = ofSdk('@temporalio/proto/lib/patch-protobuf-root') as {
  patchProtobufRoot(root: unknown): { lookupType(name: string): MessageType }
}
const historyType = patchProtobufRoot(ofSdk('@temporalio/proto')).lookupType(
  'temporal.api.history.v1.History',
)

/** JSON as `temporal workflow show --output json` and the UI export it. */
export function historyToJson(history: History): { readonly events: readonly unknown[] } {
  return toJson(historyType, historyType.fromObject(history)) as { events: unknown[] }
}

/** A history from such JSON. */
export function historyFromJson(json: unknown): History {
  return fromJson(historyType, json, { ignoreUnknownFields: true }) as History
}
