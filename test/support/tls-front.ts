// TLS in front of a server that has none.
import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import { onTestFinished } from 'vitest';
import { makeCertificate, type Certificate } from './certificate.ts';

/** A port that speaks TLS, closed with all its sockets when the test has finished. */
export interface TlsFront {
  readonly port: number;
  /** The certificate, which is its own authority. */
  readonly ca: string;
}

/** Hands what comes out of TLS on to a port of this machine. */
export async function startTlsFront(
  port: number,
  certificate: Certificate = makeCertificate(['localhost', '127.0.0.1']),
): Promise<TlsFront> {
  const sockets = new Set<Socket>();
  const server = createServer({ ...certificate, ALPNProtocols: ['http/1.1'] }, (socket) => {
    const onward = connect(port, '127.0.0.1');
    onward.pipe(socket).pipe(onward);
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
  });
  // Clients that do not trust it go away.
  server.on('tlsClientError', () => undefined);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  // A server that listens on TCP has an AddressInfo.
  return { port: (server.address() as AddressInfo).port, ca: certificate.cert };
}
