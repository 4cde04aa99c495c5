// Opens sockets for a pool, and gives up on those that are not there in time.
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectSecure } from 'node:tls';

/** What a pool says of the socket that it wants. */
interface Wanted {
  readonly hostname: string;
  readonly port: string;
  readonly protocol: string;
  readonly servername?: string | null;
}

type Opened = (...outcome: [error: null, socket: Socket] | [error: Error, socket: null]) => void;

/** A connector that fails with `ETIMEDOUT` after `connectMs`, TLS handshake included. */
export function connector(connectMs: number): (wanted: Wanted, opened: Opened) => void {
  return (wanted, opened) => {
    const { socket, event } = open(wanted);
    socket.setNoDelay(true);
    const late = Object.assign(new Error('storage did not accept a connection in time'), {
      code: 'ETIMEDOUT',
    });
    const timer = setTimeout(() => socket.destroy(late), connectMs);
    const onError = (error: Error): void => {
      clearTimeout(timer);
      opened(error, null);
    };
    socket.once('error', onError);
    socket.once(event, () => {
      clearTimeout(timer);
      socket.off('error', onError);
      opened(null, socket);
    });
  };
}

function open({ hostname, port, protocol, servername }: Wanted): {
  readonly socket: Socket;
  readonly event: 'connect' | 'secureConnect';
} {
  // URLs write IPv6 addresses in brackets.
  const host = hostname.replace(/^\[|\]$/g, '');
  const keepAlive = { keepAlive: true, keepAliveInitialDelay: 60_000 };
  if (protocol !== 'https:')
    return {
      socket: connectPlain({ host, port: Number(port || 80), ...keepAlive }),
      event: 'connect',
    };
  const secure = connectSecure({
    host,
    port: Number(port || 443),
    ...(servername ? { servername } : {}),
    ALPNProtocols: ['http/1.1'],
  });
  return { socket: secure, event: 'secureConnect' };
}
