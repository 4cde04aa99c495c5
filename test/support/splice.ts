// A wire in front of a port that a test can cut, slow down or leave hanging, without knowing HTTP.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { carry, resetSocket, type Shape } from './relay.ts';

/** What the wire does in one direction. Byte counts are of one connection. */
export type WireMode =
  | { readonly kind: 'pass' }
  | { readonly kind: 'black-hole' }
  | { readonly kind: 'stall' | 'reset' | 'fin'; readonly afterBytes: number }
  | { readonly kind: 'drip'; readonly bytesPerSecond: number };

/** A running wire. */
export interface Splice {
  readonly endpoint: string;
  readonly port: number;
  /**
   * Sets what new connections meet, per direction: `up` to the target, `down` from it. Open
   * connections keep what they have.
   */
  set(modes: { up?: WireMode; down?: WireMode }): void;
  /** Closes the port and every connection, as a server that is down. */
  refuse(): Promise<void>;
  /** Opens the port again and passes everything. */
  heal(): Promise<void>;
  /** Connections from the service; one whose way up is stalled counts even when it left. */
  open(): number;
  close(): Promise<void>;
}

const shapeOf = (mode: WireMode): Shape => {
  if (mode.kind === 'pass') return {};
  if (mode.kind === 'black-hole') return { limit: 0 };
  if (mode.kind === 'drip') return { bytesPerSecond: mode.bytesPerSecond };
  return { limit: mode.afterBytes };
};

const wire = async (from: Socket, to: Socket, service: Socket, mode: WireMode): Promise<void> => {
  const carried = await carry(from, to, shapeOf(mode));
  if (carried === 'whole') to.end();
  if (carried === 'broken') {
    from.destroy();
    to.destroy();
  }
  // A stalled way up holds the service up. Else the bytes are swallowed, so that an end is noticed.
  const swallows = mode.kind === 'black-hole' || (mode.kind === 'stall' && to === service);
  if (carried === 'cut' && swallows) from.resume().once('end', () => to.destroy());
  if (carried === 'cut' && mode.kind === 'reset') resetSocket(service);
  if (carried === 'cut' && mode.kind === 'fin') service.end();
};

const PASS: WireMode = { kind: 'pass' };

/** Puts a wire in front of a loopback port. */
export const startSplice = async (targetPort: number): Promise<Splice> => {
  let modes: { up: WireMode; down: WireMode } = { up: PASS, down: PASS };
  const services = new Set<Socket>();

  const accept = (service: Socket): void => {
    const target = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true });
    services.add(service);
    for (const [socket, other] of [
      [service, target],
      [target, service],
    ] as const) {
      socket.on('error', () => other.destroy());
      socket.once('close', () => {
        services.delete(socket);
        other.destroy();
      });
    }
    void wire(service, target, service, modes.up);
    void wire(target, service, service, modes.down);
  };

  let server = createServer({ allowHalfOpen: true }, accept).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server's address is an object; only pipes have strings.
  const { port } = server.address() as AddressInfo;

  const refuse = async (): Promise<void> => {
    if (!server.listening) return;
    for (const service of services) service.resetAndDestroy();
    server.close();
    await once(server, 'close');
  };
  return {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    set: (changes) => {
      modes = { up: PASS, down: PASS, ...changes };
    },
    refuse,
    heal: async () => {
      modes = { up: PASS, down: PASS };
      if (server.listening) return;
      server = createServer({ allowHalfOpen: true }, accept).listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    open: () => services.size,
    close: refuse,
  };
};
