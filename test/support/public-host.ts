// A server of this machine that answers at a public address, so that imports need no network; and a
// record of every address that this process dials.
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** Where it answers: a public address as far as any rule can tell. */
export const PUBLIC_ADDRESS = '93.184.215.14';

/** The stand-in. */
export interface PublicHost {
  /** `host:port` of every connection that was opened since the last `forget`, in order. */
  readonly dialled: string[];
  forget(): void;
  close(): Promise<void>;
}

interface Destination {
  host?: string;
  port?: number | string;
}

/** Starts it. Connections to port 80 of the public address arrive at `listener`. */
export async function startPublicHost(listener: RequestListener): Promise<PublicHost> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const dialled: string[] = [];
  const { connect } = Socket.prototype;
  // The one seam below node:http that sees where a connection goes; nothing of the service is replaced.
  Socket.prototype.connect = function (this: Socket, ...given: unknown[]): Socket {
    const [first] = given;
    const options = (Array.isArray(first) ? first[0] : first) as Destination;
    dialled.push(`${options.host ?? 'localhost'}:${options.port ?? ''}`);
    if (options.host === PUBLIC_ADDRESS) Object.assign(options, { host: '127.0.0.1', port });
    return Reflect.apply(connect, this, given) as Socket;
  } as typeof connect;
  return {
    dialled,
    forget: () => void dialled.splice(0),
    close: async () => {
      Socket.prototype.connect = connect;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
