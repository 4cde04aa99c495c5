// One storage's sockets and clients, opened at the first call and shared by all of them.
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { S3Client } from '@aws-sdk/client-s3';
import { breaker } from './breaker.js';
import { retryBudget } from './retry.js';
import { boundAnswers } from './wire/bounded-answers.js';
import { createBucket } from './probes/bucket-exists.js';
import type { Connection, Profile, StorageSettings } from './call.js';
import { SILENT, clientConfig } from './wire/sdk-config.js';
import { digestDeletes } from './wire/delete-digest.js';
import { leanStorage } from './wire/direct.js';

// Shorter than the 5 s after which Node servers close an idle socket (others wait longer): a socket
// reused just as the store closes it fails a call that cannot be repeated.
const IDLE_SOCKET_MS = 4000;

/** Opens nothing yet: clients and sockets come with the first call. */
export function connect(settings: StorageSettings): Connection {
  const sockets = { keepAlive: true, maxSockets: settings.maxSockets, timeout: IDLE_SOCKET_MS };
  const httpAgent = new HttpAgent(sockets);
  const httpsAgent = new HttpsAgent(sockets);
  for (const agent of [httpAgent, httpsAgent]) boundConnecting(agent, settings.timeouts.connectMs);
  const clients = new Map<Profile, S3Client>();
  let created: Promise<void> | undefined;

  const client = (profile: Profile): S3Client => {
    const existing = clients.get(profile);
    if (existing !== undefined) return existing;
    const opened = new S3Client({
      ...clientConfig(settings, settings.endpoint),
      requestHandler: { httpAgent, httpsAgent, logger: SILENT, ...patience(profile, settings) },
    });
    digestDeletes(opened);
    boundAnswers(opened, settings.timeouts.requestMs);
    clients.set(profile, opened);
    return opened;
  };

  const connection: Connection = {
    settings,
    breaker: breaker(),
    budget: retryBudget(),
    client,
    lean: null,
    ready() {
      if (!settings.createBucket) return READY;
      created ??= createBucket(client('meta'), settings);
      created.catch(() => (created = undefined));
      return created;
    },
    busySockets: () => busy(httpAgent) + busy(httpsAgent),
    waiting: () => queued(httpAgent) + queued(httpsAgent),
    close() {
      for (const opened of clients.values()) opened.destroy();
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
  return settings.leanCalls ? withLean(connection) : connection;
}

function withLean(connection: Connection): Connection {
  const lean = leanStorage(connection.settings, connection);
  return {
    ...connection,
    lean,
    busySockets: () => connection.busySockets() + lean.busySockets(),
    waiting: () => connection.waiting() + lean.waiting(),
    close(reason) {
      lean.close(reason);
      connection.close(reason);
    },
  };
}

const READY = Promise.resolve();

/** Gives up on a connection that is not there in time, whoever waits for it and however long. */
function boundConnecting(agent: HttpAgent, connectMs: number): void {
  const open = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const socket = open(options, callback);
    if (!(socket instanceof Socket)) return socket;
    const late = Object.assign(new Error('storage did not accept a connection in time'), {
      code: 'ETIMEDOUT',
    });
    const timer = setTimeout(() => socket.destroy(late), connectMs);
    const settled = () => clearTimeout(timer);
    // A TLS socket is `connect`ed before its handshake.
    socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', settled);
    socket.once('close', settled);
    return socket;
  };
}

// Longer than this a listing does not wait for one of our sockets to come free.
const QUEUE_MS = 5000;

// The SDK's connectionTimeout counts the wait for a free socket (connecting has its own bound above). A
// listing gives up early; a stream among more streams than sockets waits for its turn as long as one
// that has a socket may stand still.
function patience(profile: Profile, { timeouts }: StorageSettings): object {
  return profile === 'meta'
    ? {
        connectionTimeout: Math.min(QUEUE_MS, Math.ceil(timeouts.requestMs * 0.9)),
        requestTimeout: timeouts.requestMs,
        throwOnRequestTimeout: true,
        socketTimeout: 0,
      }
    : { connectionTimeout: timeouts.idleMs, requestTimeout: 0, socketTimeout: 0 };
}

function busy(agent: HttpAgent): number {
  const lists = [...Object.values(agent.sockets), ...Object.values(agent.requests)];
  return lists.reduce((sum, list) => sum + (list?.length ?? 0), 0);
}

function queued(agent: HttpAgent): number {
  return Object.values(agent.requests).reduce((sum, list) => sum + (list?.length ?? 0), 0);
}
