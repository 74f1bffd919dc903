import { askBroker } from './ask-broker.js'

/** All workflows, bundled once a run: give it to `Worker.create` as `workflowBundle`. */
export function workflowBundle(): Promise<{ readonly codePath: string }> {
  return askBroker('workflow-bundle')
}
