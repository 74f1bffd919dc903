import { afterEach, describe, expect, it } from '@jest/globals'
import { type Said, scriptedService } from './support/scripted-service.js'
import { openCrm } from './support/stand-in.js'
import { writeMultipart } from './support/write-multipart.js'

let service: Awaited<ReturnType<typeof scriptedService>> | undefined

afterEach(async () => {
  await service?.close()
})

const first = '6d81597f-0f9f-e711-8122-000d3aa2331c'
const second = '72bf4d48-34cb-ed11-b596-0022481d68cd'
const read = { by: 'contactId', contactIds: [first, second] } as const

/** Answers every `$batch` with these parts. */
function batchOf(bodies: readonly string[]): Said {
  const parts = bodies.map((body) => ({ status: 200, headers: {}, body }))
  const { contentType, body } = writeMultipart(parts, { lineEnd: '\r\n' })
  return { status: 200, headers: { 'content-type': contentType }, body: body.toString() }
}

describe('a page inside a $batch', () => {
  it('is followed to its end', async () => {
    service = await scriptedService(({ path }, url) => {
      const link = `${url}/api/data/v9.2/contacts?$skiptoken=%3Ccookie%20a=%22b+c%22%3E`
      const page = { value: [{ contactid: first }], '@odata.nextLink': link }
      return path === '$batch'
        ? batchOf([JSON.stringify(page)])
        : { status: 200, body: { value: [{ contactid: second }] } }
    })
    const reading = await openCrm(service.url).read(read, {})
    expect(reading.contacts.map((one) => one.contactId)).toEqual([first, second])
    expect(service.heard[1]?.path).toBe('contacts?$skiptoken=<cookie a="b+c">')
    expect(service.heard[1]?.headers.prefer).toBe('odata.maxpagesize=5000')
  })

  it('that points to itself is not followed for ever', async () => {
    service = await scriptedService(({ path }, url) => {
      const link = `${url}/api/data/v9.2/contacts?$skiptoken=2`
      const page = { value: [], '@odata.nextLink': link }
      return path === '$batch' ? batchOf([JSON.stringify(page)]) : { status: 200, body: page }
    })
    await expect(openCrm(service.url).read(read, {})).rejects.toMatchObject({
      code: 'upstream_unexpected_answer',
    })
  })

  it.each([
    ['leads to another host', '{"value":[],"@odata.nextLink":"https://evil.example.com/x"}'],
    ['is no page', '{"value":5}'],
    ['is no JSON', '<html>'],
  ])('that %s is refused', async (_what, body) => {
    service = await scriptedService(() => batchOf([body]))
    await expect(openCrm(service.url).read(read, {})).rejects.toMatchObject({
      code: 'upstream_unexpected_answer',
    })
    expect(service.heard).toHaveLength(1)
  })

  it('that is missing fails the reading: half of it would prove too much', async () => {
    service = await scriptedService(() => batchOf([]))
    await expect(openCrm(service.url).read(read, {})).rejects.toMatchObject({ retryable: true })
  })

  it('is not asked for an address that no contact can have', async () => {
    service = await scriptedService(() => batchOf(['{"value":[]}']))
    const emails = ['\uD800@example.com', '', `${'a'.repeat(100)}@example.com`]
    const reading = await openCrm(service.url).read({ by: 'email', emails }, {})
    expect(reading.contacts).toEqual([])
    expect(service.heard).toHaveLength(0)
  })
})
