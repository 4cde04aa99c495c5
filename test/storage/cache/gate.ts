// A way to storage on which a test holds answers back, so that a read ends after a write that came later.
import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Store } from '../../support/stores.ts';

/** An answer that storage has given and the service has not seen. */
export interface Held {
  /** Settles when storage has answered. */
  readonly answered: Promise<void>;
  release(): void;
}

/** A store behind a gate. */
export interface Gate {
  readonly store: Store;
  /** Holds the answer of the next request whose method and target fit. */
  hold(method: string, target: RegExp): Held;
  close(): Promise<void>;
}

interface Waiting {
  readonly method: string;
  readonly target: RegExp;
  readonly answered: () => void;
  readonly released: Promise<void>;
}

/** Opens a gate in front of a store, which stays the caller's to close. */
export const gateTo = async (store: Store): Promise<Gate> => {
  const waiting: Waiting[] = [];
  const { hostname, port } = new URL(store.endpoint);
  const takeFor = ({ method, url = '' }: IncomingMessage): Waiting | undefined => {
    const index = waiting.findIndex(
      (one) => one.method === method && url.search(one.target) !== -1,
    );
    return index === -1 ? undefined : waiting.splice(index, 1)[0];
  };
  const server = createServer((req, res) => {
    const held = takeFor(req);
    const { method, url: path, headers } = req;
    const onward = httpRequest({ hostname, port, method, path, headers }, (answer) => {
      void answer.toArray().then(async (chunks: Buffer[]) => {
        held?.answered();
        await held?.released;
        res.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        res.end(Buffer.concat(chunks));
      });
    });
    onward.on('error', () => res.destroy());
    req.pipe(onward);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has an AddressInfo.
  const own = (server.address() as AddressInfo).port;
  return {
    store: { ...store, endpoint: `http://127.0.0.1:${own}` },
    hold: (method, target) => {
      let release = (): void => {};
      let answered = (): void => {};
      const released = new Promise<void>((resolve) => (release = resolve));
      const whenAnswered = new Promise<void>((resolve) => (answered = resolve));
      waiting.push({ method, target, answered, released });
      return { answered: whenAnswered, release };
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
