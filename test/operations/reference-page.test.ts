// Every request of the page that the service re-implements, word for word, on every store there is.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiKeys } from '../../src/index.ts';
import { bypass, FIXTURE, PDF, type Bypass } from '../support/fixture.ts';
import { startService, type Question, type RunningService } from '../support/service.ts';
import { availableStores, s3rverStore, type Store } from '../support/stores.ts';

const KEY = { 'X-DreamFactory-API-Key': 'YOUR_API_KEY' };

interface Place {
  readonly name: string;
  open(): Promise<Store>;
  /** Whether the page's dates can be planted. */
  readonly dated: boolean;
  /** Whether the files are there already. */
  readonly planted: boolean;
}

const PLACES: readonly Place[] = [
  ...availableStores().map(({ name, open }) => ({
    name,
    open,
    dated: name === 'double',
    planted: false,
  })),
  { name: 's3rver', open: s3rverStore, dated: false, planted: false },
];

describe.each(PLACES)('the page on $name', ({ open, dated, planted }) => {
  let store: Store;
  let service: RunningService;
  let around: Bypass;
  const curl = (question: Question) =>
    service.ask({ ...question, headers: { ...KEY, ...question.headers } });
  /** The page's date where it can be planted, else the store's. */
  const date = async (key: string, page: string) =>
    dated ? page : (await around.look(key)).last_modified;

  beforeAll(async () => {
    store = await open();
    around = bypass(store);
    if (!planted) await around.plant(FIXTURE);
    service = await startService(store, {
      authenticate: apiKeys({ YOUR_API_KEY: { id: 'page' } }),
    });
  });
  afterAll(async () => {
    await service.close();
    around.close();
    await store.close();
  });

  it('lists the root', async () => {
    const answer = await curl({ path: '/' });
    const { etag } = await around.look('document.pdf');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    const { resource } = answer.json() as { resource: { path: string }[] };
    expect(resource.filter(({ path }) => ['images/', 'document.pdf'].includes(path))).toEqual([
      // A placeholder's date would take a call of its own for every folder.
      { path: 'images/', type: 'folder', name: 'images', last_modified: null },
      {
        path: 'document.pdf',
        type: 'file',
        name: 'document.pdf',
        content_type: 'application/pdf',
        content_length: 102_400,
        last_modified: await date('document.pdf', '2026-02-09T10:15:00Z'),
        etag,
      },
    ]);
  });

  it('downloads a file', async () => {
    const answer = await curl({ path: '/uploads/report.pdf' });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/pdf']);
    expect(answer.body.equals((await around.bytes('uploads/report.pdf')) ?? PDF)).toBe(true);
    expect(answer.body).toHaveLength(102_400);
  });

  it('answers the metadata of a file', async () => {
    const answer = await curl({ path: '/uploads/report.pdf?include_properties=true' });
    const { etag, metadata } = await around.look('uploads/report.pdf');
    expect([answer.status, answer.json()]).toEqual([
      200,
      {
        path: 'uploads/report.pdf',
        name: 'report.pdf',
        type: 'file',
        content_type: 'application/pdf',
        content_length: 102_400,
        last_modified: await date('uploads/report.pdf', '2026-02-10T15:45:00Z'),
        etag,
        metadata,
      },
    ]);
  });

  it('uploads a file, and the same name again by PUT only', async () => {
    await curl({ method: 'DELETE', path: '/uploads/report.pdf' });
    const upload = {
      path: '/uploads/report.pdf',
      headers: { 'Content-Type': 'application/pdf' },
      body: PDF,
    };
    const posted = await curl({ method: 'POST', ...upload });
    const stored = {
      name: 'report.pdf',
      path: 'uploads/report.pdf',
      content_type: 'application/pdf',
      content_length: 102_400,
      type: 'file',
      etag: (await around.look('uploads/report.pdf')).etag,
    };
    expect([posted.status, posted.json()]).toEqual([201, stored]);
    expect(PDF.equals((await around.bytes('uploads/report.pdf')) ?? Buffer.alloc(0))).toBe(true);

    const again = await curl({ method: 'POST', ...upload, body: 'other' });
    expect([again.status, (again.json() as { error: object }).error]).toEqual([
      409,
      {
        code: 409,
        context: { path: 'uploads/report.pdf' },
        message: "Conflict: File 'uploads/report.pdf' already exists.",
        status_code: 409,
        reason: 'already_exists',
      },
    ]);
    const replaced = await curl({ method: 'PUT', ...upload });
    expect([replaced.status, replaced.json()]).toEqual([201, stored]);
  });

  it('creates a folder by a header, as a placeholder object', async () => {
    const answer = await curl({
      method: 'POST',
      path: '/',
      headers: { 'X-Folder-Name': 'documents' },
    });
    expect([answer.status, answer.json()]).toEqual([
      201,
      { name: 'documents', path: 'documents/' },
    ]);
    expect(await around.bytes('documents/')).toEqual(Buffer.alloc(0));
    const listed = await curl({ path: '/documents/' });
    expect([listed.status, listed.json()]).toEqual([200, { resource: [] }]);
  });

  it('lists a subfolder and creates one inside', async () => {
    const made = await curl({
      method: 'POST',
      path: '/uploads/',
      headers: { 'X-Folder-Name': 'inner' },
    });
    expect([made.status, made.json()]).toEqual([201, { name: 'inner', path: 'uploads/inner/' }]);
    const listed = await curl({ path: '/uploads/?as_list=true' });
    expect(listed.json()).toEqual({
      resource: ['uploads/inner/', 'uploads/old-report.pdf', 'uploads/report.pdf'],
    });
  });

  it('deletes a file', async () => {
    const answer = await curl({ method: 'DELETE', path: '/uploads/old-report.pdf' });
    expect([answer.status, answer.json()]).toEqual([
      200,
      { name: 'old-report.pdf', path: 'uploads/old-report.pdf' },
    ]);
    expect(await around.bytes('uploads/old-report.pdf')).toBeUndefined();
  });

  it('deletes a folder with everything below it', async () => {
    const answer = await curl({ method: 'DELETE', path: '/old-folder/?force=true' });
    expect([answer.status, answer.json()]).toEqual([
      200,
      { name: 'old-folder', path: 'old-folder/' },
    ]);
    expect((await around.keys()).filter((key) => key.startsWith('old-folder/'))).toEqual([]);
  });

  it('gives a pre-signed URL that downloads from storage itself', async () => {
    await curl({ method: 'PUT', path: '/uploads/large-file.zip', body: 'zip' });
    const answer = await curl({ path: '/uploads/large-file.zip?url=true&expires=3600' });
    expect(answer.status).toBe(200);
    const { url, ...rest } = answer.json() as { url: string };
    expect(rest).toEqual({});
    const { origin, pathname, searchParams } = new URL(url);
    expect([origin, pathname]).toEqual([store.endpoint, `/${store.bucket}/uploads/large-file.zip`]);
    expect([searchParams.get('X-Amz-Algorithm'), searchParams.get('X-Amz-Expires')]).toEqual([
      'AWS4-HMAC-SHA256',
      '3600',
    ]);
    const direct = await fetch(url);
    expect([direct.status, await direct.text()]).toEqual([200, 'zip']);
  });

  it('answers 401 without the key', async () => {
    const answer = await service.ask({ path: '/' });
    expect([answer.status, (answer.json() as { error: { reason: string } }).error.reason]).toEqual([
      401,
      'unauthorized',
    ]);
  });

  it('answers 404 for an object that does not exist', async () => {
    const answer = await curl({ path: '/uploads/missing.pdf' });
    expect([answer.status, answer.json()]).toEqual([
      404,
      {
        error: {
          code: 404,
          context: { path: 'uploads/missing.pdf' },
          message: "Not Found: File 'uploads/missing.pdf' does not exist in storage.",
          status_code: 404,
          reason: 'not_found',
        },
      },
    ]);
  });
});
