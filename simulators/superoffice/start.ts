import { json, listen, type SimRequest, type SimServer } from '../common/http-server.js'
import { keyPairs } from './auth/key-pairs.js'
import { answerLogin, pageOf } from './auth/login-host.js'
import { TicketBook } from './auth/ticket-book.js'
import { answerControl, CONTROL_PATH } from './control/control-api.js'
import type { ControlTargets } from './control/control-route.js'
import { htmlPage } from './errors.js'
import { type HandedOut, handedOut } from './handed-out.js'
import { Installation } from './installation.js'
import { fillOptions, type SuperofficeOptions } from './options.js'
import { serve } from './server/serve.js'
import { makeCertificate } from './server/tls.js'
import { answerApi, operationOf } from './server/web-api.js'

/** A running stand-in of SuperOffice. */
export interface RunningSuperoffice {
  /** Online: the sign-in host. On-site: the server; the API is below `handedOut.apiUrl`. */
  readonly url: string
  readonly controlUrl: string
  /** What setting up a connection needs. */
  readonly handedOut: HandedOut
  /** For tests in the same process; others use the control API. */
  readonly world: Installation
  close(): Promise<void>
}

/** Starts the stand-in on 127.0.0.1 (docs/simulators-superoffice.md). */
export async function startSuperoffice(
  given: SuperofficeOptions = {},
): Promise<RunningSuperoffice> {
  const options = fillOptions(given)
  const world = new Installation(options)
  const tickets = new TicketBook()
  const keys = keyPairs()
  const approval = { revoked: false }
  const isRevoked = () => approval.revoked
  const servers: SimServer[] = []
  const online = options.mode === 'online'

  const api = (request: SimRequest, isHere: () => boolean) =>
    serve(world, request, operationOf(world, request), world.clock.now(), () =>
      isHere()
        ? answerApi({ world, tickets, isRevoked }, request)
        : json(421, { Message: 'Misdirected request: the tenant is not on this sub-domain.' }),
    )
  const moveApi = async (): Promise<string> => {
    const server: SimServer = await listen(0, (request) =>
      api(request, () => world.apiHost === server.url),
    )
    servers.push(server)
    world.apiHost = server.url
    return server.url
  }
  const certificate = options.tls && !online ? await makeCertificate() : undefined
  const facts = () => handedOut(world, front.url, keys, certificate?.caPem)
  const targets: ControlTargets = { world, tickets, approval, moveApi, facts }
  const front: SimServer = await listen(
    options.port,
    (request) => {
      if (request.path.startsWith(CONTROL_PATH) && certificate === undefined) {
        return answerControl(targets, request)
      }
      return online ? signIn(request) : api(request, () => true)
    },
    certificate,
  )
  const signIn = (request: SimRequest) => {
    const host = { world, keys, tickets, url: front.url, isRevoked }
    return serve(world, request, pageOf(request), world.loginClock.now(), () =>
      answerLogin(host, request),
    )
  }
  servers.push(front)
  if (online) {
    await moveApi()
  } else {
    world.apiHost = front.url
  }
  const control =
    certificate === undefined
      ? front
      : await listen(0, (request) =>
          request.path.startsWith(CONTROL_PATH)
            ? answerControl(targets, request)
            : htmlPage(404, 'Not found'),
        )
  if (control !== front) {
    servers.push(control)
  }
  return {
    url: front.url,
    controlUrl: `${control.url}${CONTROL_PATH}`,
    handedOut: facts(),
    world,
    close: async () => {
      world.sender.stop()
      await Promise.all(servers.map((server) => server.close()))
    },
  }
}
