// A service over each store there is, with the fixture of the cases planted anew before every test.
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import type { FileServiceConfig } from '../../src/index.ts';
import { bypass, FIXTURE, type Bypass, type Fixture } from './fixture.ts';
import {
  standsElsewhere,
  startService,
  type Answer,
  type Question,
  type RunningService,
} from './service.ts';
import { availableStores, type Store } from './stores.ts';

/** What a suite over one store works with. */
export interface Place {
  readonly name: Store['name'];
  readonly store: Store;
  readonly around: Bypass;
  readonly service: RunningService;
  ask(question: Question): Promise<Answer>;
  /** The status and the body as JSON. */
  told(question: Question): Promise<[status: number, body: unknown]>;
  /** As `told`; of errors only what a client acts on. */
  refused(question: Question): Promise<[status: number, reason: string, message: string]>;
}

/** How a suite is set up. */
export interface Setting {
  readonly config?: Partial<FileServiceConfig>;
  /** @default FIXTURE */
  readonly fixture?: Fixture;
}

/** Describes the same behaviour over every store. */
export function onEveryStore(
  title: string,
  { config, fixture = FIXTURE }: Setting,
  suite: (place: () => Place) => void,
): void {
  // What a framework does to requests and answers it does over any store.
  const stores = availableStores().filter(({ name }) => !standsElsewhere() || name === 'double');
  describe.each(stores)(`${title}, on $name`, ({ name, open }) => {
    let place: Place;
    beforeAll(async () => {
      const store = await open();
      const service = await startService(store, config);
      place = placeOf(name, store, service);
    });
    beforeEach(async () => {
      for (const key of await place.around.keys()) await place.around.remove(key);
      await place.around.plant(fixture);
    });
    afterAll(async () => {
      await place.service.close();
      place.around.close();
      await place.store.close();
    });
    suite(() => place);
  });
}

function placeOf(name: Store['name'], store: Store, service: RunningService): Place {
  return {
    name,
    store,
    service,
    around: bypass(store),
    ask: service.ask,
    told: async (question) => {
      const answer = await service.ask(question);
      return [answer.status, answer.json()];
    },
    refused: async (question) => {
      const answer = await service.ask(question);
      const { error } = answer.json() as { error?: { reason: string; message: string } };
      return [answer.status, error?.reason ?? 'none', error?.message ?? ''];
    },
  };
}
