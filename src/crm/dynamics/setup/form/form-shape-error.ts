/**
 * FormXML that is malformed or not built as we know forms to be built. Nothing is changed then; the step that meets
 * it pauses (rule E2). Never retryable by itself. The reason holds no text of the form beyond element names.
 */
export class FormShapeError extends Error {
  override readonly name = 'FormShapeError'
}
