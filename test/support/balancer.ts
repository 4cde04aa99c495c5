// A TCP balancer that hands each connection to the next process in turn, and skips one that is not there.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A running balancer. */
export interface Balancer {
  readonly port: number;
  /** Connections that each process has got. */
  readonly shares: () => readonly number[];
  /** Puts another process in a place. */
  readonly replace: (place: number, port: number) => void;
  readonly close: () => Promise<void>;
}

/** Balances over the ports of processes on this machine. */
export async function startBalancer(ports: readonly number[]): Promise<Balancer> {
  const places = ports.map((port) => ({ port, connections: 0 }));
  const sockets = new Set<Socket>();
  let turn = 0;

  const track = (socket: Socket, other: () => Socket | undefined): void => {
    sockets.add(socket);
    socket.on('error', () => other()?.destroy());
    socket.once('close', () => {
      sockets.delete(socket);
      other()?.destroy();
    });
  };

  // Each process is tried once; a client that none of them takes is cut, as any balancer does.
  const pass = (client: Socket, left: number, current: { target?: Socket }): void => {
    if (left === 0 || client.destroyed) {
      client.destroy();
      return;
    }
    turn += 1;
    const place = places[turn % places.length];
    if (place === undefined) return;
    const target = connect({ port: place.port, host: '127.0.0.1', allowHalfOpen: true });
    target.once('error', onRefused);
    target.once('connect', () => {
      target.off('error', onRefused);
      place.connections += 1;
      current.target = target;
      track(target, () => client);
      client.pipe(target);
      target.pipe(client);
    });
    function onRefused(): void {
      pass(client, left - 1, current);
    }
  };

  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    const current: { target?: Socket } = {};
    track(client, () => current.target);
    pass(client, places.length, current);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server's address is an object; only pipes have strings.
  const { port } = server.address() as AddressInfo;
  return {
    port,
    shares: () => places.map(({ connections }) => connections),
    replace: (index, to) => {
      const place = places[index];
      if (place !== undefined) place.port = to;
    },
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
