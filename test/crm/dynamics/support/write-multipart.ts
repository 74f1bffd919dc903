/** One answer in a `$batch`, for tests that play the service. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | null
}

/** The form of the answer. The parts from position `nestAt` on are put into a nested multipart. */
export interface MultipartForm {
  readonly lineEnd: '\n' | '\r\n'
  readonly quoted?: boolean
  readonly nestAt?: number
}

/** Writes answers as the service does, with code that is independent of the client's. */
export function writeMultipart(answers: readonly Answer[], form: MultipartForm) {
  const { lineEnd, quoted = false, nestAt = answers.length } = form
  const write = (boundary: string, texts: readonly string[]) =>
    [
      ...texts.map((text) => `--${boundary}${lineEnd}${text}${lineEnd}`),
      `--${boundary}--${lineEnd}`,
    ].join('')
  const part = ({ status, headers, body }: Answer) =>
    [
      'Content-Type: application/http',
      'Content-Transfer-Encoding: binary',
      '',
      `HTTP/1.1 ${status} Something`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      '',
      body ?? '',
    ].join(lineEnd)
  const outer = answers.slice(0, nestAt).map(part)
  const nested = answers.slice(nestAt).map(part)
  const texts =
    nested.length === 0
      ? outer
      : [
          ...outer,
          `Content-Type: multipart/mixed; boundary=changeset_9${lineEnd}${lineEnd}${write('changeset_9', nested).replace(/\r?\n$/, '')}`,
        ]
  const boundary = 'batchresponse_1'
  return {
    contentType: `multipart/mixed; boundary=${quoted ? `"${boundary}"` : boundary}`,
    body: Buffer.from(write(boundary, texts)),
  }
}
