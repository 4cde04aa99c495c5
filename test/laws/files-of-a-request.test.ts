// How many source files one request enters: what a reader has to open to follow it from the socket to storage.
import { Session } from 'node:inspector/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bypass, type Bypass } from '../support/fixture.ts';
import { startService, type Question, type RunningService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';

const SOURCES = fileURLToPath(new URL('../../src/', import.meta.url));
/** Requests before the one that is looked at: what is made once a service is no part of a request. */
const WARM_UP = 3;
/** Files that a read may enter, and those of them below `storage/`. */
const MOST = 36;
const MOST_OF_STORAGE = 12;

let store: Awaited<ReturnType<typeof doubleStore>>;
let around: Bypass;
let service: RunningService;
let coverage: Session;

beforeAll(async () => {
  store = await doubleStore();
  around = bypass(store);
  service = await startService(store);
  coverage = new Session();
  coverage.connect();
  await coverage.post('Profiler.enable');
});
afterAll(async () => {
  coverage.disconnect();
  await service.close();
  around.close();
  await store.close();
});

/** The source files of which a request enters a function, below `src/`. */
const filesOf = async (question: Question): Promise<string[]> => {
  const answer = async (): Promise<void> => {
    await around.plant({ 'five.txt': { body: 'five!' }, 'gone/a': {}, 'gone/b/c': {} });
    const { status, headers } = await service.ask(question);
    expect(status).toBeLessThan(300);
    // The record of a request is written after its last byte.
    await service.audited(headers['x-request-id'] ?? '');
  };
  for (let round = 0; round < WARM_UP; round += 1) await answer();
  await coverage.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await coverage.post('Profiler.takePreciseCoverage');
  await answer();
  const { result } = await coverage.post('Profiler.takePreciseCoverage');
  await coverage.post('Profiler.stopPreciseCoverage');
  return result
    .filter(({ functions }) => functions.some(isEntered))
    .map(({ url }) => url.replace(/^file:\/\//, ''))
    .filter((path) => path.startsWith(SOURCES))
    .map((path) => path.slice(SOURCES.length))
    .toSorted();
};

/** The function whose range is the whole module has run when the module was loaded, not now. */
const isEntered = ({ ranges }: { readonly ranges: readonly { readonly count: number }[] }) =>
  (ranges[0]?.count ?? 0) > 0;

const isOfStorage = (file: string): boolean => file.startsWith('storage/');

describe('the source files that one request enters', () => {
  it('are few for a read of 5 bytes', async () => {
    const files = await filesOf({ path: '/five.txt' });
    expect(files).toContain('operations/read.ts');
    expect(files.filter(isOfStorage).length).toBeLessThanOrEqual(MOST_OF_STORAGE);
    expect(files.length, files.join('\n')).toBeLessThanOrEqual(MOST);
  });

  it.each<[string, Question, number]>([
    ['a PUT of 5 bytes', { method: 'PUT', path: '/five.txt', body: 'five!' }, 64],
    ['a forced deletion of a folder', { method: 'DELETE', path: '/gone/?force=true' }, 58],
  ])('are counted for %s', async (_, question, most) => {
    const files = await filesOf(question);
    expect(files).toContain('pipeline/service.ts');
    expect(files.length, files.join('\n')).toBeLessThanOrEqual(most);
  });
});
