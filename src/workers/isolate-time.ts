/**
 * How long a workflow's code may compute in one go, for `Worker.create`. Node ends the whole process, with everything under
 * way in it, where the SDK cuts such code off ("async hook stack has become corrupted", nodejs/node#38503); the SDK's own five
 * seconds are reached by a long history on a machine that is short of processor. The SDK takes the option, and its types do
 * not name it.
 */
export const ISOLATE_TIME: object = { isolateExecutionTimeout: '1 minute' }
