import { json } from '../../common/http-server.js'
import type { Route } from './route.js'

/** The caller (wire page, 2.1); its associate id is the one in the rows' stamps. */
export const principalRoutes: readonly Route[] = [
  {
    operation: 'currentPrincipal',
    method: 'GET',
    pattern: /^User\/currentPrincipal$/,
    handle: ({ world, associateId }) => {
      const { mode, contextIdentifier, user } = world.options
      const online = mode === 'online'
      return json(200, {
        UserType: online ? 'SystemAssociate' : 'InternalAssociate',
        AssociateId: associateId,
        Associate: online ? `SYSTEM-${associateId}` : user,
        DatabaseContextIdentifier: online ? contextIdentifier : 'Default',
        FunctionRights: world.switches.functionRights,
      })
    },
  },
]
