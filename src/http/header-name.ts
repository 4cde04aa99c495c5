// Names that arrive in headers: bytes, which Node hands over as Latin-1 characters.

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 when the bytes are valid UTF-8, else Latin-1; never percent-decoded. */
export function decodeHeaderName(value: string): string {
  try {
    return utf8.decode(Buffer.from(value, 'latin1'));
  } catch {
    return value;
  }
}
