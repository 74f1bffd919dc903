/** A control request that makes no sense; answered 400 with its message. */
export class ControlError extends Error {}
