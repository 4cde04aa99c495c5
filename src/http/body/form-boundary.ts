// The media type of forms (RFC 7578), read more leniently than other types: what clients send in it is taken.

const FORM = /^\s*multipart\/form-data\s*(?=;|$)/i;
// React Native and others leave boundaries unquoted that hold "/", ":" or "=", which are no characters of a token.
const PARAMETER = /;\s*([^\s=;]+)\s*=\s*(?:"([^"]*)"|([^;"]*))/y;
// RFC 2046 section 5.1.1, at most 70 of these; beside them what no known client needs and none is harmed by.
const BOUNDARY = /^[!#-[\]-~ ]{0,69}[!#-[\]-~]$/;

/** The boundary that a form's `Content-Type` names; null when there is none that can be used. */
export function boundaryOf(contentType: string): string | null {
  PARAMETER.lastIndex = FORM.exec(contentType)?.[0].length ?? contentType.length;
  for (let one = PARAMETER.exec(contentType); one !== null; one = PARAMETER.exec(contentType)) {
    const [, name = '', quoted, bare = ''] = one;
    if (name.toLowerCase() !== 'boundary') continue;
    const boundary = quoted ?? bare.trim();
    return BOUNDARY.test(boundary) ? boundary : null;
  }
  return null;
}

/** Whether a `Content-Type` is that of a form. */
export function isForm(contentType: string | undefined): boolean {
  return contentType !== undefined && FORM.test(contentType);
}
