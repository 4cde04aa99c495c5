// What the tests of the cache share: a service with one, and requests told together with their audit.
import { randomUUID } from 'node:crypto';
import { memoryCache } from '../../../src/index.ts';
import type { AuditEvent, FileServiceConfig } from '../../../src/index.ts';
import { startService } from '../../support/service.ts';
import type { Answer, Question, RunningService } from '../../support/service.ts';
import type { Store } from '../../support/stores.ts';

/** A service that remembers for a minute, in memory unless told otherwise. */
export const cachedService = (
  store: Store,
  config: Partial<FileServiceConfig> = {},
): Promise<RunningService> =>
  startService(store, { cache: memoryCache(), cacheTtl: 60, ...config });

/** An answer, and the calls to storage that it took. */
export interface Told {
  readonly answer: Answer;
  readonly event: AuditEvent;
  readonly calls: number;
}

/** Asks, and waits for the audit of what was asked. */
export const tell = async (service: RunningService, question: Question): Promise<Told> => {
  const id = randomUUID();
  const headers = { ...question.headers, 'X-Request-Id': id };
  const answer = await service.ask({ ...question, headers });
  const event = await service.audited(id);
  return { answer, event, calls: event.storageCalls };
};

/** Stores a file through the service. */
export const put = async (
  service: RunningService,
  path: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> => {
  const { status, text } = await service.ask({ method: 'PUT', path, body, headers });
  if (status !== 201) throw new Error(`PUT ${path} answered ${status}: ${text}`);
};

/** The headers of an answer that are the same for equal answers. */
export const lasting = ({ headers }: Answer): Record<string, string> => {
  const { date: _date, 'x-request-id': _id, ...rest } = headers;
  return rest;
};
