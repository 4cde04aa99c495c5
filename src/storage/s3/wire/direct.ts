// Commands that travel directly: signed here, sent over a transport, their answers read by small codecs.
import { Readable } from 'node:stream';
import { answerError } from './answer-error.js';
import type { Codec, Encoded, HeaderPair } from './codec.js';
import type { CommandName, Input, Output, Terms } from './commands.js';
import type { Endpoint } from './endpoint.js';
import { listObjectsV2 } from './list-codec.js';
import { abortMultipartUpload, createMultipartUpload, listParts } from './multipart-codecs.js';
import { deleteObject, getObject, headObject, putObject, uploadPart } from './object-codecs.js';
import {
  EMPTY_PAYLOAD,
  amzDate,
  encodeS3Key,
  sha256,
  signableHeaders,
  signingIn,
  type Identity,
} from './sigv4.js';
import type { Transport, TransportRequest } from './transport/transport.js';

// The frequent commands. All others travel by the SDK.
const CODECS = {
  AbortMultipartUpload: abortMultipartUpload,
  CreateMultipartUpload: createMultipartUpload,
  DeleteObject: deleteObject,
  GetObject: getObject,
  HeadObject: headObject,
  ListObjectsV2: listObjectsV2,
  ListParts: listParts,
  PutObject: putObject,
  UploadPart: uploadPart,
} as const;

type DirectCommand = keyof typeof CODECS;

/** Whether a command has a codec. */
export function isDirect(name: CommandName): name is DirectCommand {
  return Object.hasOwn(CODECS, name);
}

/** On what terms a command is sent, and as whom and when it is signed. */
export interface DirectTerms extends Terms {
  readonly identity: Identity;
  /** Milliseconds since the epoch, by storage's clock. */
  readonly now: number;
}

/** Sends one command, once. Throws as the SDK does. */
export type SendDirect = <N extends DirectCommand>(
  name: N,
  input: Input<N>,
  terms: DirectTerms,
) => Promise<Output<N>>;

/** The direct way to an endpoint. */
export function directTo(endpoint: Endpoint, transport: Transport): SendDirect {
  const signing = signingIn(endpoint.scope);

  const signed = (encoded: Encoded, { identity, now, answerMs }: DirectTerms): TransportRequest => {
    const { method, query, body } = encoded;
    const path = endpoint.base + encodeS3Key(encoded.s3Key);
    const payload = payloadOf(body?.bytes);
    const date = amzDate(now);
    const headers = allHeaders(encoded, endpoint.host, [
      ['x-amz-content-sha256', payload],
      ['x-amz-date', date],
      ...tokenOf(identity),
    ]);
    const signable = { method, path, query, headers: signableHeaders(headers), payload };
    const sent: HeaderPair[] = [
      ...headers,
      ['authorization', signing.authorize(identity, signable, date)],
    ];
    if (body !== undefined) sent.push(['content-length', String(body.length)]);
    return {
      method,
      target: query === '' ? path : `${path}?${query}`,
      headers: sent,
      body: body?.bytes ?? null,
      wholeBytes: encoded.wholeBytes,
      streamed: encoded.streamed,
      answerMs,
    };
  };

  return async (name, input, terms) => {
    // The table has one codec a name, which the type of a lookup by a generic cannot say.
    const codec = CODECS[name] as unknown as Codec<typeof name>;
    const answer = await transport.send(signed(codec.encode(input), terms), terms.signal);
    const { status, headers, body } = answer;
    if (status >= 200 && status <= 299) return codec.decode(answer);
    throw answerError(status, headers, body instanceof Uint8Array ? body : null);
  };
}

// A stream would have to be read twice to be hashed first; the SDK sends it unsigned too.
function payloadOf(bytes: Uint8Array | Readable | undefined): string {
  if (bytes === undefined) return EMPTY_PAYLOAD;
  return bytes instanceof Readable || bytes.length > MOST_HASHED_BYTES
    ? 'UNSIGNED-PAYLOAD'
    : sha256(bytes);
}

const MOST_HASHED_BYTES = 256 * 1024;

function tokenOf({ sessionToken }: Identity): HeaderPair[] {
  return sessionToken === undefined ? [] : [['x-amz-security-token', sessionToken]];
}

/** All that is signed, in order of the names. */
function allHeaders(
  { headers }: Encoded,
  host: string,
  signing: readonly HeaderPair[],
): HeaderPair[] {
  const all: HeaderPair[] = [['host', host], ...headers, ...signing];
  // What every request has is in order already.
  return headers.length === 0 ? all : all.sort(byName);
}

function byName([left]: HeaderPair, [right]: HeaderPair): number {
  return left < right ? -1 : 1;
}
