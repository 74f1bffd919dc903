import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  batchBody,
  patchPart,
  startOrganisation,
  type Answer,
  type TestOrganisation,
} from './client.js'

describe('$batch of the Dataverse stand-in', () => {
  let org: TestOrganisation
  let ids: string[] = []

  beforeAll(async () => {
    org = await startOrganisation()
    await org.control('POST', 'seed/contacts', { count: 3, seed: 2, doNotAllowShare: 0 })
    const answer = await org.api('GET', 'contacts?$select=contactid')
    ids = answer.json.value.map((row: { contactid: string }) => row.contactid)
  })
  afterAll(() => org.close())

  const send = (body: string, headers: Record<string, string> = {}): Promise<Answer> =>
    org.api('POST', '$batch', body, {
      'Content-Type': 'multipart/mixed; boundary="b1"',
      ...headers,
    })
  const statuses = (text: string): string[] =>
    [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((found) => found[1] ?? '')
  const missing = (): string => `contacts(${crypto.randomUUID()})`
  const goOn = { Prefer: 'odata.continue-on-error' }

  it('goes on after an error only when asked, and shows the error outside otherwise', async () => {
    const parts = [
      patchPart(`contacts(${ids[0]})`, { jobtitle: 'a' }, ['If-Match: *']),
      patchPart(missing(), { jobtitle: 'b' }, ['If-Match: *']),
      patchPart(`contacts(${ids[1]})`, { jobtitle: 'c' }, ['If-Match: *']),
    ]
    const all = await send(batchBody('b1', parts), goOn)
    expect([all.status, statuses(all.text)]).toEqual([200, ['204', '404', '204']])
    const stopped = await send(batchBody('b1', parts))
    expect([stopped.status, statuses(stopped.text)]).toEqual([404, ['204', '404']])
    expect(all.text.replaceAll('\r\n', '')).not.toContain('\n')
  })

  it('answers a part with the new etag when the part asks for it', async () => {
    const path = `contacts(${ids[0]})?$select=contactid,donotbulkemail`
    const headers = ['If-Match: *', 'Prefer: return=representation']
    const answer = await send(
      batchBody('b1', [patchPart(path, { donotbulkemail: true }, headers)]),
      goOn,
    )
    expect(answer.text).toContain('HTTP/1.1 200 OK')
    expect(answer.text).toContain('"donotbulkemail":true')
    expect(answer.text).toMatch(/"@odata.etag":"W\/\\"\d+\\""/)
  })

  it('refuses bare line feeds, a missing end, nesting and more than 1,000 requests', async () => {
    const body = batchBody('b1', [patchPart(missing(), {})])
    const code = async (text: string): Promise<string> => {
      const answer = await send(text, goOn)
      return `${answer.status} ${answer.json.error?.code}`
    }
    expect(await code(body.replaceAll('\r\n', '\n'))).toBe('400 0x80048d19')
    expect(await code(body.replace('--b1--', ''))).toBe('400 0x80048d19')
    expect(await code(body.replace('--b1\r\n', '--b1\n'))).toBe('400 0x80048d19')
    expect(await code(body.replace('application/http\r\n', 'application/http\n'))).toBe(
      '400 0x80048d19',
    )
    const inner = await send(body.replace('HTTP/1.1\r\n', 'HTTP/1.1\n'), goOn)
    expect([statuses(inner.text), inner.text.includes('0x80048d19')]).toEqual([['400'], true])
    const get = 'GET /api/data/v9.2/contacts?$top=1 HTTP/1.1\r\nAccept: application/json\r\n'
    expect(
      await code(
        batchBody(
          'b1',
          Array.from({ length: 1001 }, () => get),
        ),
      ),
    ).toBe('400 0x80060888')
    const nested = await send(batchBody('b1', ['POST /api/data/v9.2/$batch HTTP/1.1\r\n']), goOn)
    expect(statuses(nested.text)).toEqual(['400'])
  })

  it('allows a longer URL inside than outside', async () => {
    const list = Array.from({ length: 1000 }, () => `"${crypto.randomUUID()}"`).join(',')
    const filter = `Microsoft.Dynamics.CRM.In(PropertyName='contactid',PropertyValues=[${list}])`
    const get = `GET /api/data/v9.2/contacts?$filter=${filter} HTTP/1.1\r\nAccept: application/json\r\n`
    expect(statuses((await send(batchBody('b1', [get]), goOn)).text)).toEqual(['200'])
    expect((await org.api('GET', `contacts?$filter=${filter}`)).status).toBe(414)
  })

  describe('change sets', () => {
    const set = (parts: readonly (readonly [string, string])[]): string =>
      [
        '--b1',
        'Content-Type: multipart/mixed; boundary="c1"',
        '',
        ...parts.flatMap(([id, part]) => [
          '--c1',
          'Content-Type: application/http',
          'Content-Transfer-Encoding: binary',
          ...(id === '' ? [] : [`Content-ID: ${id}`]),
          '',
          part,
        ]),
        '--c1--',
        '',
        '--b1--',
        '',
      ].join('\r\n')

    it('are all or nothing, with one error for the set', async () => {
      const good = patchPart(`contacts(${ids[2]})`, { jobtitle: 'kept?' }, ['If-Match: *'])
      const bad = patchPart(missing(), { jobtitle: 'x' }, ['If-Match: *'])
      const failed = await send(
        set([
          ['1', good],
          ['2', bad],
        ]),
        goOn,
      )
      expect(statuses(failed.text)).toEqual(['404'])
      expect((await org.api('GET', `contacts(${ids[2]})`)).json.jobtitle).toBeNull()
      const done = await send(
        set([
          ['1', good],
          ['2', good],
        ]),
        goOn,
      )
      expect(statuses(done.text)).toEqual(['204', '204'])
      expect(done.text).toContain('Content-ID: 2')
    })

    it('fail completely when one part meets a fault', async () => {
      const fault = { scope: 'part', bodyMatches: 'hurt', status: 503, execute: true, delayMs: 1 }
      await org.control('POST', 'faults', fault)
      const path = `contacts(${ids[1]})`
      const parts = ['fine', 'hurt'].map((jobtitle, place) => {
        const part: [string, string] = [String(place), patchPart(path, { jobtitle })]
        return part
      })
      expect(statuses((await send(set(parts), goOn)).text)).toEqual(['503'])
      const { json } = await org.api('GET', path)
      expect(['fine', 'hurt']).not.toContain(json.jobtitle)
      const single = await send(batchBody('b1', [patchPart(path, { jobtitle: 'hurt' })]), goOn)
      expect(statuses(single.text)).toEqual(['503'])
      expect((await org.api('GET', path)).json.jobtitle).toBe('hurt')
      await org.control('DELETE', 'faults')
    })

    it('need a Content-ID for each part and take no GET', async () => {
      const part = patchPart(`contacts(${ids[2]})`, {}, ['If-Match: *'])
      expect((await send(set([['', part]]), goOn)).text).toContain('0x80060888')
      expect(
        (
          await send(
            set([
              ['1', part],
              ['1', part],
            ]),
            goOn,
          )
        ).text,
      ).toContain('0x80060888')
      const get = 'GET /api/data/v9.2/contacts HTTP/1.1\r\nAccept: application/json\r\n'
      expect(statuses((await send(set([['1', get]]), goOn)).text)).toEqual(['400'])
    })
  })
})
