// What a codec is: how one command becomes a request, and how a successful answer becomes its output.
import type { Readable } from 'node:stream';
import type { CommandName, Input, Output } from './commands.js';
import type { TransportAnswer } from './transport/transport.js';

/** A request before it is signed. */
export interface Encoded {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** The whole key; `''` is the bucket itself. */
  readonly s3Key: string;
  /** Canonical: sorted and percent-encoded. */
  readonly query: string;
  /** Lower-case names with values; all of them are signed. */
  readonly headers: readonly HeaderPair[];
  readonly body?: { readonly bytes: Uint8Array | Readable; readonly length: number };
  /** A plain answer of up to so many bytes comes whole. */
  readonly wholeBytes: number;
  /** Whether a longer one may come as a flow. */
  readonly streamed: boolean;
}

export type HeaderPair = readonly [name: string, value: string];

/** One command, said directly. `decode` gets answers with a status of 2xx only, and throws for what S3 would not say. */
export interface Codec<N extends CommandName> {
  readonly encode: (input: Input<N>) => Encoded;
  readonly decode: (answer: TransportAnswer) => Output<N>;
}
