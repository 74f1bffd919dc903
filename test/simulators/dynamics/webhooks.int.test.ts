import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { startOrganisation, type TestOrganisation } from './client.js'

interface Hit {
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

describe('webhooks of the Dataverse stand-in', () => {
  let org: TestOrganisation
  let receiver: Server
  let hookUrl = ''
  let hits: Hit[] = []
  let answers: number[] = []

  beforeEach(async () => {
    hits = []
    answers = []
    receiver = createServer((req, res) => {
      let text = ''
      req.on('data', (chunk: Buffer) => (text += chunk.toString()))
      req.on('end', () => {
        hits.push({ headers: req.headers, text })
        res.writeHead(answers.shift() ?? 200).end()
      })
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    hookUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/dynamics/t1`
    org = await startOrganisation({ allowAnyWebhookPort: true })
  })
  afterEach(async () => {
    await org.close()
    receiver.closeAllConnections()
    await new Promise((resolve) => receiver.close(resolve))
  })

  const endpoint = (changes: object = {}): object => ({
    name: 'sync',
    url: hookUrl,
    contract: 8,
    authtype: 5,
    authvalue: '<settings><setting name="x-em-secret" value="s3cr3t" /></settings>',
    ...changes,
  })
  const created = (answer: { headers: Headers }): string =>
    /\(([^)]+)\)$/.exec(answer.headers.get('odata-entityid') ?? '')?.[1] ?? ''
  const register = async (message: string, filteringattributes?: string): Promise<string> => {
    const hook = created(await org.api('POST', 'serviceendpoints', endpoint()))
    const filter = `primaryobjecttypecode eq 'contact' and sdkmessageid/name eq '${message}'`
    const found = await org.api(
      'GET',
      `sdkmessagefilters?$filter=${filter}&$expand=sdkmessageid($select=name)`,
    )
    const [row] = found.json.value
    expect(row.sdkmessageid.name).toBe(message)
    const answer = await org.api('POST', 'sdkmessageprocessingsteps', {
      name: `${message} of contact`,
      stage: 40,
      mode: 1,
      rank: 1,
      supporteddeployment: 0,
      asyncautodelete: true,
      ...(filteringattributes === undefined ? {} : { filteringattributes }),
      'eventhandler_serviceendpoint@odata.bind': `/serviceendpoints(${hook})`,
      'sdkmessageid@odata.bind': `/sdkmessages(${row.sdkmessageid.sdkmessageid})`,
      'sdkmessagefilterid@odata.bind': `/sdkmessagefilters(${row.sdkmessagefilterid})`,
    })
    expect(answer.status).toBe(204)
    return created(answer)
  }
  const contact = async (): Promise<string> =>
    String(
      (await org.control('POST', 'rows/contact', { values: { emailaddress1: 'a@x.com' } })).json.id,
    )
  const change = async (id: string, values: object): Promise<void> => {
    await org.control('PATCH', `rows/contact/${id}`, { as: 'Rita Rep', values })
    await org.control('POST', 'webhooks/drain')
  }

  it('posts what was sent, as Dataverse words it', async () => {
    const step = await register(
      'Update',
      'emailaddress1,emailaddress2,emailaddress3,donotbulkemail,statecode',
    )
    const image = {
      name: 'post',
      entityalias: 'post',
      imagetype: 1,
      messagepropertyname: 'Target',
      attributes: 'emailaddress1,statecode',
    }
    const bind = { 'sdkmessageprocessingstepid@odata.bind': `/sdkmessageprocessingsteps(${step})` }
    expect(
      (await org.api('POST', 'sdkmessageprocessingstepimages', { ...image, ...bind })).status,
    ).toBe(204)
    const id = await contact()
    await change(id, { donotbulkemail: true })
    expect(hits[0]?.headers).toMatchObject({
      'x-em-secret': 's3cr3t',
      'x-ms-dynamics-organization': 'contoso.crm4.dynamics.com',
      'x-ms-dynamics-entity-name': 'contact',
      'x-ms-dynamics-request-name': 'Update',
    })
    expect(hits[0]?.text).toMatch(/"modifiedon","value":"\\\/Date\(\d+\)\\\/"/)
    const body = JSON.parse(hits[0]?.text ?? '{}')
    expect(body).toMatchObject({
      MessageName: 'Update',
      PrimaryEntityId: id,
      PrimaryEntityName: 'contact',
      Stage: 40,
    })
    const keys = body.InputParameters[0].value.Attributes.map((one: { key: string }) => one.key)
    expect(keys).toEqual([
      'donotbulkemail',
      'contactid',
      'modifiedon',
      'modifiedby',
      'modifiedonbehalfby',
    ])
    const shown = body.PostEntityImages[0].value.Attributes
    expect(shown).toContainEqual({ key: 'emailaddress1', value: 'a@x.com' })
    expect(shown).toContainEqual({
      key: 'statecode',
      value: { __type: 'OptionSetValue:http://schemas.microsoft.com/xrm/2011/Contracts', Value: 0 },
    })
  })

  it('fires when a filtered column is in the request, equal or not, and otherwise stays silent', async () => {
    await register('Update', 'donotbulkemail')
    const id = await contact()
    await change(id, { jobtitle: 'x' })
    expect(hits).toHaveLength(0)
    await change(id, { donotbulkemail: false })
    expect(hits).toHaveLength(1)
    await register('Create')
    await contact()
    await org.control('POST', 'webhooks/drain')
    expect(hits).toHaveLength(2)
  })

  it('tries 502, 503 and 504 once more, everything else not, and keeps failed jobs', async () => {
    const step = await register('Update')
    const id = await contact()
    answers = [503, 200]
    await change(id, { jobtitle: '1' })
    expect(hits).toHaveLength(2)
    answers = [500]
    await change(id, { jobtitle: '2' })
    expect(hits).toHaveLength(3)
    answers = [502, 504]
    await change(id, { jobtitle: '3' })
    expect(hits).toHaveLength(5)
    const failed = `asyncoperations?$filter=statuscode eq 31 and _owningextensionid_value eq ${step}&$select=message&$orderby=completedon desc`
    expect((await org.api('GET', failed)).json.value).toHaveLength(2)
  })

  it('loses and doubles deliveries on demand', async () => {
    await register('Update')
    const id = await contact()
    await org.control('POST', 'switches', { webhooks: { loseNext: 1 } })
    await change(id, { jobtitle: '1' })
    expect(hits).toHaveLength(0)
    await org.control('POST', 'switches', { webhooks: { copies: 2 } })
    await change(id, { jobtitle: '2' })
    expect(hits).toHaveLength(2)
    expect((await org.control('GET', 'webhooks')).json).toMatchObject({
      lost: 1,
      succeeded: 2,
      pending: 0,
    })
  })

  it('keeps the secret, checks its form, and holds an endpoint that has steps', async () => {
    await register('Update')
    const { json } = await org.api('GET', 'serviceendpoints?$filter=contract eq 8')
    expect(json.value[0]).toMatchObject({ isauthvalueset: true, authtype: 5 })
    expect(json.value[0]).not.toHaveProperty('authvalue')
    expect(
      (await org.api('POST', 'serviceendpoints', endpoint({ authvalue: 's3cr3t' }))).status,
    ).toBe(400)
    expect(
      (await org.api('DELETE', `serviceendpoints(${json.value[0].serviceendpointid})`)).status,
    ).toBe(405)
  })

  it('takes ports 80 and 443 only, as the real service', async () => {
    const strict = await startOrganisation()
    try {
      const status = async (url: string): Promise<number> =>
        (await strict.api('POST', 'serviceendpoints', endpoint({ url }))).status
      expect(await status(hookUrl)).toBe(400)
      expect(await status('https://hooks.example.com/x')).toBe(204)
    } finally {
      await strict.close()
    }
  })
})
