import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { answers, freePort } from './free-port.ts';
import { until } from './until.ts';

/** A private redis-server that a test may kill and bring back on the same port, empty. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Ends the server as a crash would. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  close(): Promise<void>;
}

const launch = async (port: number): Promise<ChildProcess> => {
  const options = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const server = spawn('redis-server', options, { stdio: 'ignore' });
  const failed = new Promise<never>((_, reject) => server.once('error', reject));
  const listening = until(() => answers(port), { what: 'redis-server to listen' });
  await Promise.race([listening, failed]);
  return server;
};

const end = async (server: ChildProcess): Promise<void> => {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = once(server, 'exit');
  server.kill('SIGKILL');
  await exited;
};

/** Starts a redis-server that keeps nothing on disk, on a free port. */
export const startRedis = async (): Promise<RedisServer> => {
  const port = await freePort();
  let server = await launch(port);
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill: () => end(server),
    restart: async () => {
      await end(server);
      server = await launch(port);
    },
    close: () => end(server),
  };
};
