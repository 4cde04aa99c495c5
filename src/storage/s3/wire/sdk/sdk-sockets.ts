// The sockets of the SDK's clients to one storage.
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Socket } from 'node:net';
import { TLSSocket, type SecureContext } from 'node:tls';
import type { StorageSettings } from '../../settings.js';
import { lateError } from '../answer-error.js';
import { trustOf } from '../transport/trust.js';
import { openThroughProxy } from './sdk-proxy.js';

// Shorter than the 5 s after which Node servers close an idle socket (others wait longer): a socket
// reused just as the store closes it fails a call that cannot be repeated.
const IDLE_SOCKET_MS = 4000;

/** Agents for the SDK, and how many of their sockets are used. */
export interface SdkSockets {
  readonly agents: { readonly httpAgent: HttpAgent; readonly httpsAgent: HttpsAgent };
  readonly busySockets: () => number;
  readonly waiting: () => number;
  readonly close: () => void;
}

/** Opens nothing yet. */
export function sdkSockets({ maxSockets, timeouts, ca }: StorageSettings): SdkSockets {
  const options = { keepAlive: true, maxSockets, timeout: IDLE_SOCKET_MS };
  const trust = trustOf(ca);
  const agents = {
    httpAgent: new HttpAgent(options),
    httpsAgent: new HttpsAgent({ ...options, ...trusting(trust) }),
  };
  const both = [agents.httpAgent, agents.httpsAgent];
  for (const agent of both) {
    openThroughProxy(agent, trust);
    boundConnecting(agent, timeouts.connectMs);
  }
  const total = (count: (agent: HttpAgent) => number): number =>
    both.reduce((sum, agent) => sum + count(agent), 0);
  return {
    agents,
    busySockets: () => total(({ sockets }) => lengths(sockets)),
    waiting: () => total(({ requests }) => lengths(requests)),
    close: () => both.forEach((agent) => agent.destroy()),
  };
}

// An agent hands its options on to `tls.connect`, which its type does not say.
function trusting(trust: SecureContext | undefined): object {
  return trust === undefined ? {} : { secureContext: trust };
}

/** Gives up on a connection that is not there in time, whoever waits for it and however long. */
function boundConnecting(agent: HttpAgent, connectMs: number): void {
  const open = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const socket = open(options, callback);
    if (!(socket instanceof Socket)) return socket;
    const late = Object.assign(lateError('storage did not accept a connection in time'), {
      isSent: false,
    });
    const timer = setTimeout(() => socket.destroy(late), connectMs);
    // Until the socket is open no request has left by it, whatever it fails of.
    const fail = (error: Error) => void Object.assign(error, { isSent: false });
    const settled = () => {
      clearTimeout(timer);
      socket.off('error', fail);
    };
    socket.on('error', fail);
    // A TLS socket is `connect`ed before its handshake.
    socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', settled);
    socket.once('close', settled);
    return socket;
  };
}

function lengths(lists: NodeJS.ReadOnlyDict<readonly unknown[]>): number {
  return Object.values(lists).reduce((sum, list) => sum + (list?.length ?? 0), 0);
}
