import { randomUUID } from 'node:crypto'
import type { SimResponse } from '../../common/http-server.js'
import { parsePath } from '../data/resource-path.js'
import { badQuery, ServiceError } from '../errors.js'
import { errorResponse, preferOf, type ApiRequest } from '../http/api-request.js'
import type { Context } from '../organisation.js'
import { boundaryOf, readInnerRequest, splitParts, unreadable, type Part } from './multipart.js'
import { httpPart, joinParts } from './write-answer.js'

const MAX_REQUESTS = 1000
const MAX_PART_URL = 65_536

/** Runs one request of a batch; throws the service's refusals. */
export type PartRunner = (request: ApiRequest) => SimResponse | Promise<SimResponse>

interface Outcome {
  readonly text: string
  readonly status: number
}

/** Runs a `$batch` as the service does (wire page, section 6.4): order, change sets, continue-on-error. */
export async function runBatch(
  context: Context,
  request: ApiRequest,
  run: PartRunner,
): Promise<SimResponse> {
  const boundary = boundaryOf(request.headers['content-type'])
  if (boundary === undefined) {
    throw new ServiceError(
      415,
      '0x80060888',
      'The content type of a batch is multipart/mixed with a boundary.',
    )
  }
  const parts = splitParts(request.body, boundary)
  const sets = parts.map((part) => changeSetOf(part))
  const total = sets.reduce((sum, set) => sum + (set?.length ?? 1), 0)
  if (total > MAX_REQUESTS) {
    throw badQuery(`The number of requests in the batch exceeds the maximum of ${MAX_REQUESTS}.`)
  }
  const answers: string[] = []
  let status = 200
  for (const [place, part] of parts.entries()) {
    const set = sets[place]
    const outcome =
      set === undefined ? await runSingle(context, part, run) : runChangeSet(context, set, run)
    answers.push(outcome.text)
    if (outcome.status >= 400 && !request.prefer.continueOnError) {
      status = outcome.status
      break
    }
  }
  const answerBoundary = `batchresponse_${randomUUID()}`
  return {
    status,
    headers: {
      'Content-Type': `multipart/mixed; boundary=${answerBoundary}`,
      'OData-Version': '4.0',
    },
    body: joinParts(answerBoundary, answers),
  }
}

function changeSetOf(part: Part): readonly Part[] | undefined {
  const boundary = boundaryOf(part.headers['content-type'])
  return boundary === undefined
    ? undefined
    : splitParts(part.content.replace(/\r\n$/, ''), boundary)
}

async function runSingle(context: Context, part: Part, run: PartRunner): Promise<Outcome> {
  let response: SimResponse
  try {
    response = await run(toRequest(context, part, false))
  } catch (error) {
    response = errorResponse(error)
  }
  return { text: httpPart(response), status: response.status }
}

/** Runs all parts in one transaction. The first refusal is the only answer and undoes the others. */
function runChangeSet(context: Context, parts: readonly Part[], run: PartRunner): Outcome {
  const boundary = `changesetresponse_${randomUUID()}`
  try {
    const ids = parts.map((part) => part.headers['content-id'])
    if (ids.some((id) => id === undefined) || new Set(ids).size !== ids.length) {
      throw badQuery('Each request of a change set needs a Content-ID of its own.')
    }
    const answers = context.org.store.transaction(() => runInOrder(context, parts, run))
    const texts = answers.map((answer, place) => httpPart(answer, ids[place]))
    const head = `Content-Type: multipart/mixed; boundary=${boundary}\r\n\r\n`
    return { text: head + joinParts(boundary, texts), status: 200 }
  } catch (error) {
    const response = errorResponse(error)
    return { text: httpPart(response), status: response.status }
  }
}

function runInOrder(
  context: Context,
  parts: readonly Part[],
  run: PartRunner,
): readonly SimResponse[] {
  const created = new Map<string, string>()
  return parts.map((part) => {
    const request = toRequest(context, part, true, created)
    if (request.method === 'GET') {
      throw badQuery('A GET request is not allowed in a change set.')
    }
    const response = run(request)
    if (response instanceof Promise) {
      response.catch(() => undefined)
      throw badQuery('This request is not allowed in a change set.')
    }
    const entity = response.headers?.['OData-EntityId']
    if (entity !== undefined) {
      created.set(part.headers['content-id'] ?? '', entity.slice(context.root.length))
    }
    return response
  })
}

function toRequest(
  context: Context,
  part: Part,
  inChangeSet: boolean,
  created: ReadonlyMap<string, string> = new Map(),
): ApiRequest {
  if (!/^application\/http\b/i.test(part.headers['content-type'] ?? '')) {
    throw unreadable(
      "Microsoft.OData.ODataException: A batch part has the content type 'application/http'.",
    )
  }
  if (part.headers['content-transfer-encoding']?.toLowerCase() !== 'binary') {
    throw unreadable(
      "Microsoft.OData.ODataException: A batch part has 'Content-Transfer-Encoding: binary'.",
    )
  }
  const inner = readInnerRequest(part.content)
  if (inner.url.length > MAX_PART_URL) {
    throw new ServiceError(414, '0x80060888', 'The URL is too long.')
  }
  if (inner.body !== '' && !/^application\/json\b/i.test(inner.headers['content-type'] ?? '')) {
    throw new ServiceError(415, '0x80060888', 'The content type of the request is not supported.')
  }
  const reference = (text: string): string =>
    text.replace(/(^|["/])\$(\w+)(?=["/(]|$)/g, (whole, lead: string, id: string) => {
      const target = created.get(id)
      return target === undefined ? whole : `${lead}${lead === '"' ? '/' : ''}${target}`
    })
  const [path = '', rawQuery = ''] = cutQuery(reference(belowRoot(context, inner.url)))
  if (path.startsWith('$batch')) {
    throw badQuery('A batch cannot hold another batch.')
  }
  return {
    method: inner.method,
    path,
    segments: parsePath(path),
    rawQuery,
    headers: inner.headers,
    body: reference(inner.body),
    prefer: preferOf(inner.headers),
    inChangeSet,
  }
}

/** A part may be addressed by full URL, by absolute path, or relative to the API root. */
function belowRoot(context: Context, url: string): string {
  const rootPath = new URL(context.root).pathname
  if (url.startsWith(context.root)) {
    return url.slice(context.root.length)
  }
  if (url.startsWith(rootPath)) {
    return url.slice(rootPath.length)
  }
  if (url.startsWith('/') || url.includes('://')) {
    throw badQuery('The URL of a batch part lies outside the service.')
  }
  return url
}

function cutQuery(url: string): readonly string[] {
  const mark = url.indexOf('?')
  return mark < 0 ? [url] : [url.slice(0, mark), url.slice(mark + 1)]
}
