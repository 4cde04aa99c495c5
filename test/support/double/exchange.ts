// One request on its way through the double, and the answer as a value.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from './answer.ts';
import type { Fault, FaultList } from './faults.ts';
import type { Caller } from './signature.ts';
import { s3Error } from './errors.ts';
import type { Quirks } from './quirks.ts';
import type { StoredBucket } from './store.ts';

export type { Answer } from './answer.ts';

/** One call as the double saw it; the last four fields fill as it goes on. */
export interface RecordedCall {
  readonly operation: string;
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly startedAt: number;
  /** Undefined until an answer has begun. */
  status: number | undefined;
  /** Bytes of the body that were read, framing included. */
  bytesIn: number;
  /** Bytes of the body that were written. */
  bytesOut: number;
  /** True once the whole answer was handed to the socket. */
  complete: boolean;
}

/** What all operations share. */
export interface Service {
  readonly buckets: Map<string, StoredBucket>;
  readonly faults: FaultList;
  readonly region: string;
  readonly conditionalWrites: boolean;
  readonly minPartBytes: number;
  /** What this store does differently; replaced as a whole. */
  quirks: Quirks;
  /** When each key was last written, by `bucket/key`, in milliseconds; kept while `oneWriteASecond`. */
  readonly lastWrites: Map<string, number>;
  /** How many multipart uploads were begun so far. */
  begunUploads: number;
  readonly now: () => number;
}

/** What sending needs: the two ends, the record, and what must go wrong. */
export interface Connection {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly call: RecordedCall;
  readonly fault: Fault | undefined;
}

/** One request. `headers` by lower-case name, with those that a signed URL carries. */
export interface Exchange extends Connection {
  readonly service: Service;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly key: string;
  readonly caller: Caller;
  readonly expectsContinue: boolean;
}

/** The bucket of a request, or NoSuchBucket. */
export function requireBucket(exchange: Exchange): StoredBucket {
  const bucket = exchange.service.buckets.get(exchange.call.bucket);
  if (bucket === undefined) {
    throw s3Error('NoSuchBucket', { elements: { BucketName: exchange.call.bucket } });
  }
  return bucket;
}

/** A query parameter that must be a whole number, or the value for when it is absent. */
export function numberInQuery(exchange: Exchange, name: string, absent: number): number {
  const text = exchange.query[name];
  if (text === undefined || text === '') return absent;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw s3Error('InvalidArgument', {
    message: `Provided ${name} not an integer or within integer range`,
    elements: { ArgumentName: name, ArgumentValue: text },
  });
}

/** The clock of the service in whole seconds, as S3 dates its objects. */
export function secondsNow(service: Service): number {
  return Math.floor(service.now() / 1000) * 1000;
}

/** An XML answer of status 200. */
export function xmlAnswer(body: string): Answer {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body };
}
