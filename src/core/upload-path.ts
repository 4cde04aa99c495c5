// What stands below the folder of uploads: one token, or a request of an uploader that sends parts to storage itself.

/** A request in the wire form of Companion, below `_uploads/`, or below a ticket: `_uploads/t/<ticket>/`. */
export interface DirectPath {
  readonly ticket: string | null;
  readonly step: 'begin' | 'params' | 'parts' | 'batch' | 'complete' | 'part';
  /** The upload's; null before there is one. */
  readonly token: string | null;
  /** Of the step `part`. */
  readonly part: number | null;
}

const DIRECT =
  /^(?:t\/+([\w-]+)\/+)?s3\/+(?:(params)|multipart(?:\/+([\w-]+)(?:\/+([\w]+))?)?)\/*$/;
const PART = /^[1-9]\d{0,4}$/;

/** Reads what stands below `_uploads/`; null for anything else, a token above all. */
export function directPath(below: string): DirectPath | null {
  const match = DIRECT.exec(below);
  if (match === null) return null;
  const [, ticket = null, params, token = null, last] = match;
  if (params !== undefined) return { ticket, step: 'params', token, part: null };
  if (token === null) return { ticket, step: 'begin', token, part: null };
  if (last === undefined) return { ticket, step: 'parts', token, part: null };
  if (last === 'batch' || last === 'complete') return { ticket, step: last, token, part: null };
  return PART.test(last) ? { ticket, step: 'part', token, part: Number(last) } : null;
}
