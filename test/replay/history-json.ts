import { createRequire } from 'node:module'
import type { temporal } from '@temporalio/proto'

/** A history in the form that clients return and replay accepts. */
export type History = temporal.api.history.v1.IHistory

/**
 * The SDK's own conversions need a single copy of protobufjs in node_modules, but npm may install several. These use
 * the copy with which the SDK's message types were created.
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

/** JSON in the form of `temporal workflow show --output json` and of the UI's export. */
export function historyToJson(history: History): { readonly events: readonly unknown[] } {
  return toJson(historyType, historyType.fromObject(history)) as { events: unknown[] }
}

/** A history from such JSON. */
export function historyFromJson(json: unknown): History {
  return fromJson(historyType, json, { ignoreUnknownFields: true }) as History
}
