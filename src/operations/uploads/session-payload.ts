// The letters by which a token names what it knows of an upload: it is part of a URL, which had better be short.
import type { Attributes } from '../../storage/bucket.js';
import type {
  PromisedDigests,
  SessionCondition,
  SessionWay,
  UploadSession,
} from './upload-session.js';

/** An upload as its token holds it. */
export interface SessionPayload {
  readonly k: string;
  readonly u?: string;
  readonly s?: string;
  readonly n: string;
  readonly p: number;
  readonly l?: number;
  readonly w: SessionCondition;
  readonly v: string;
  readonly o: SessionWay;
  readonly c: string;
  readonly h?: Attributes;
  readonly m: number;
  readonly d?: PromisedDigests;
  readonly a?: string;
  readonly t: string;
  readonly b: string | null;
  readonly x: number;
}

// Typed over every letter and every field, so that none is forgotten.
const FIELD_OF = {
  k: 'key',
  u: 'id',
  s: 'staged',
  n: 'nonce',
  p: 'partSize',
  l: 'length',
  w: 'condition',
  v: 'verb',
  o: 'way',
  c: 'contentType',
  h: 'attributes',
  m: 'maxBytes',
  d: 'digests',
  a: 'metadata',
  t: 'tenant',
  b: 'owner',
  x: 'expiresAt',
} as const satisfies Record<keyof SessionPayload, keyof UploadSession>;

const LETTERS = Object.entries(FIELD_OF);

/** In letters. What is not given is left out. */
export function sessionPayload(session: UploadSession): SessionPayload {
  const letters = LETTERS.map(([letter, field]) => [letter, session[field]]);
  return Object.fromEntries(letters) as unknown as SessionPayload;
}

/** In words. */
export function sessionOf(payload: SessionPayload): UploadSession {
  const given = LETTERS.filter(([letter]) => letter in payload);
  const fields = given.map(([letter, field]) => [field, payload[letter as keyof SessionPayload]]);
  return Object.fromEntries(fields) as unknown as UploadSession;
}
