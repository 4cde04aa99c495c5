// A service that stands in something that listens.
import type { RequestListener } from 'node:http';
import type { FileService, FileServiceConfig } from '../../src/index.ts';

/** A listener, and what ends what stands behind it. */
export interface Hosted {
  readonly listener: RequestListener;
  readonly close?: () => Promise<unknown>;
  /** Whether `..` in a target is resolved before the service sees it. @default false */
  readonly tidiesTargets?: boolean;
  /** Whether a body that is streamed loses its length on the way and goes out in chunks. @default false */
  readonly chunksStreams?: boolean;
}

/** What a framework is given: the service, and the configuration that it was made of. */
export interface Given {
  readonly files: FileService;
  readonly config: FileServiceConfig;
}
