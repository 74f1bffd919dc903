/** An invalid control request; answered 400 with its message. */
export class ControlError extends Error {}
