import { askBroker } from './ask-broker.js'

/** All workflows, bundled once per run, for `Worker.create` as `workflowBundle`. */
export function workflowBundle(): Promise<{ readonly codePath: string }> {
  return askBroker('workflow-bundle')
}
