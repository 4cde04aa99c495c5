// GET /folder/?include_properties=true&rights=true: what a page needs to know before it shows a control.
import { afterEach, describe, expect, it } from 'vitest';
import { FileServiceError, roles, type FileServiceConfig } from '../../src/index.ts';
import { startService, type RunningService } from '../support/service.ts';
import { doubleStore } from '../support/stores.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const serve = async (config: Partial<FileServiceConfig> = {}): Promise<RunningService> => {
  const store = await doubleStore();
  store.double.seed(store.bucket, 'inbox/a.txt', 'a');
  store.double.seed(store.bucket, 'docs/', '');
  const service = await startService(store, config);
  closers.push(service.close, store.close);
  return service;
};

const rightsOf = async (service: RunningService, folder: string): Promise<unknown> => {
  const path = `${folder}?include_properties=true&rights=true`;
  const answer = await service.ask({ path });
  return answer.status === 200
    ? (answer.json() as { resource: { rights: unknown } }).resource.rights
    : answer.status;
};

const granted = (...actions: string[]) =>
  Object.fromEntries(
    ['list', 'read', 'write', 'delete'].map((action) => [action, actions.includes(action)]),
  );

describe('rights=true', () => {
  it('answers the four actions as authorize does', async () => {
    const policy = roles({
      uploader: [
        { path: '**', allow: ['GET'] },
        { path: 'inbox/**', allow: ['POST'] },
        { path: 'docs/**', allow: '*' },
      ],
    });
    const principal = { id: 'u', roles: ['uploader'] };
    const service = await serve({ authenticate: () => principal, authorize: policy });
    expect(await rightsOf(service, '/')).toEqual(granted('list', 'read'));
    expect(await rightsOf(service, '/inbox/')).toEqual(granted('list', 'read', 'write'));
    expect(await rightsOf(service, '/docs/')).toEqual(granted('list', 'read', 'write', 'delete'));
  });

  it('asks for nothing, and answers nothing, without the parameter', async () => {
    const asked: string[] = [];
    const service = await serve({ authorize: ({ action }) => asked.push(action) > 0 });
    const answer = await service.ask({ path: '/docs/?include_properties=true' });
    expect(answer.json()).toEqual({
      resource: expect.not.objectContaining({ rights: expect.anything() }) as unknown,
    });
    expect(asked).toEqual(['list']);
  });

  it('is refused as the folder is', async () => {
    const service = await serve({ authorize: () => false });
    // Nobody is signed in here.
    expect(await rightsOf(service, '/docs/')).toBe(401);
    const open = await serve();
    expect(await rightsOf(open, '/nowhere/')).toBe(404);
  });

  it('tells a hook that fails from one that refuses', async () => {
    const service = await serve({
      authorize: ({ action }) => {
        if (action === 'delete') throw new FileServiceError('storage_unavailable', 'Later.');
        return true;
      },
    });
    expect(await rightsOf(service, '/docs/')).toBe(503);
    expect(service.told()).toEqual(['authorize']);
  });
});
