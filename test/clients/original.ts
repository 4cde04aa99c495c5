// The service as clients of the original server find it, over any store.
import { FileServiceError } from '../../src/index.ts';
import type { FileServiceConfig, HookRequest, Principal } from '../../src/index.ts';
import { bypass, FIXTURE, type Bypass, type Fixture } from '../support/fixture.ts';
import { startService, type RunningService } from '../support/service.ts';
import type { Store } from '../support/stores.ts';

/** What the clients of these suites identify themselves with. */
export const API_KEY = '36fda24fe5588fa4285ac6c6c2fdfbdb6b6bc9834699774c9bf777f706d05a88';
export const SESSION_TOKEN = 'eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl';

/** A service, its store, and a way around it. */
export interface Original {
  readonly service: RunningService;
  readonly around: Bypass;
  readonly close: () => Promise<void>;
}

/** Starts one over a store that holds the fixture of the cases. */
export async function startOriginal(
  store: Store,
  config: Partial<FileServiceConfig> = {},
  fixture: Fixture = FIXTURE,
): Promise<Original> {
  const around = bypass(store);
  await around.plant(fixture);
  const service = await startService(store, {
    compat: 'dreamfactory',
    name: 'files',
    authenticate: signedIn,
    ...config,
  });
  return {
    service,
    around,
    close: async () => {
      await service.close();
      around.close();
      await store.close();
    },
  };
}

function signedIn({ headers }: HookRequest): Principal {
  if (headers['x-dreamfactory-session-token'] === SESSION_TOKEN) return { id: 'admin' };
  if (headers['x-dreamfactory-api-key'] === API_KEY) return { id: 'app' };
  throw new FileServiceError('unauthorized', 'No session token (JWT) or API Key detected.');
}

/** The entries that a client reads, by name. */
export function entriesOf(answer: { readonly json: () => unknown }): readonly Entry[] {
  const body = answer.json() as { resource?: readonly Entry[] } | readonly Entry[];
  return 'resource' in body ? (body.resource ?? []) : (body as readonly Entry[]);
}

/** What clients read of an entry. */
export interface Entry {
  readonly name: string;
  readonly path: string;
  readonly type: string;
  readonly content_type?: string;
  readonly content_length?: number;
  readonly last_modified?: string | null;
}

/** The message that clients show. */
export function messageOf(answer: { readonly json: () => unknown }): string {
  return (answer.json() as { error: { message: string } }).error.message;
}
