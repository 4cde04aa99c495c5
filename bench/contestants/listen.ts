// What every contestant's process has in common: a port of its own, told to the rig, and a profile on demand.
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { Session } from 'node:inspector/promises';
import type { AddressInfo } from 'node:net';

/** What the rig may ask of a contestant. */
export type Order =
  { readonly kind: 'profile' } | { readonly kind: 'profiled'; readonly file: string };

const session = new Session();

/**
 * Serves on a free port until the rig goes away; returns the server for those who attach more to it. `front` starts what
 * the load meets instead, and says on which port.
 */
export function listen(
  handler: RequestListener,
  front?: (port: number) => Promise<number>,
): Server {
  const server = createServer(handler);
  // Clients that leave at the end of a round are no failure.
  server.on('clientError', (_, socket) => socket.destroy());
  process.on('unhandledRejection', () => {});
  process.on('disconnect', () => process.exit());
  process.on('message', (order: Order) => void obey(order));
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    (front?.(port) ?? Promise.resolve(port)).then(
      (met) => process.send?.({ port: met }),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  return server;
}

async function obey(order: Order): Promise<void> {
  if (order.kind === 'profile') {
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: 500 });
    await session.post('Profiler.start');
    return;
  }
  const { profile } = await session.post('Profiler.stop');
  await writeFile(order.file, JSON.stringify(profile));
  process.send?.({ profiled: order.file });
}
