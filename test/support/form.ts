// Multipart forms as browsers and SDKs send them.

/** One part; without `filename` it is a field. */
export interface FormPart {
  readonly name: string;
  readonly filename?: string;
  readonly type?: string;
  readonly body: string | Uint8Array;
}

/** Headers and body of a form. */
export interface SentForm {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const BOUNDARY = '----WebKitFormBoundary7MA4YWxkTrZu0gW';

/** A form with these parts, in order. */
export function formOf(parts: readonly FormPart[]): SentForm {
  const pieces = parts.flatMap(({ name, filename, type, body }) => [
    Buffer.from(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"` +
        (filename === undefined ? '' : `; filename="${filename}"`) +
        (type === undefined ? '' : `\r\nContent-Type: ${type}`) +
        '\r\n\r\n',
    ),
    Buffer.from(body),
    Buffer.from('\r\n'),
  ]);
  return {
    headers: { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` },
    body: Buffer.concat([...pieces, Buffer.from(`--${BOUNDARY}--\r\n`)]),
  };
}
