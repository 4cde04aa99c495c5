// Links with altered tokens, opened over a few connections that stay open: what the service answers to each.
import { Agent, request } from 'node:http';
import { mutations } from './mutations.ts';
import { inParallel } from './service-child.ts';

/** What is opened. */
export interface Alterations {
  /** Of the service. */
  readonly port: number;
  /** Of a link that opens, from the origin. */
  readonly url: string;
  readonly count: number;
  readonly seed: number;
}

const CONNECTIONS = 16;

/** How many answers there were of each status. */
export async function openAltered({ port, url, count, seed }: Alterations) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const start = url.lastIndexOf('/') + 1;
  const altered = mutations(url.slice(start), count, seed);
  const statuses = new Map<number, number>();
  await inParallel(count, CONNECTIONS, async (index) => {
    const token = encodeURIComponent(altered.next().value ?? '');
    const path = `${url.slice(0, start)}${token}`;
    const method = index % 8 === 0 ? 'HEAD' : 'GET';
    const status = await new Promise<number>((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, agent, path, method }, (answer) => {
        answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
      });
      sent.once('error', reject).end();
    });
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  });
  agent.destroy();
  return statuses;
}
