// A proxy between the service and its storage: it records every S3 call and makes chosen ones fail.
// It never touches target or headers, because the service signed them for the storage's host.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { carryOut, type Call } from './faulty-exchange.ts';
import { faultRules, type Rule } from './faults.ts';
import { oneOf } from './proxy-headers.ts';
import { seededRandom } from './random.ts';
import { readS3Request } from './s3-operation.ts';

/** A running proxy. */
export interface FaultProxy {
  readonly endpoint: string;
  readonly port: number;
  readonly calls: readonly Call[];
  /** Adds a rule; rules are asked in order. */
  fail(rule: Rule): void;
  /** Takes all rules away. */
  heal(): void;
  /** Empties the list of calls. */
  forget(): void;
  /** How many exchanges are open. */
  open(): number;
  close(): Promise<void>;
}

/** Starts a proxy in front of an `http:` endpoint; `seed` decides rules with a probability. */
export const startFaultProxy = async ({
  target,
  seed = 1,
}: {
  target: string;
  seed?: number;
}): Promise<FaultProxy> => {
  const calls: Call[] = [];
  const rules = faultRules(seededRandom(seed));
  let open = 0;

  const handle = (req: IncomingMessage, res: ServerResponse, mayContinue: boolean): void => {
    const { method = '', url = '' } = req;
    const copySource = oneOf(req.headers['x-amz-copy-source']);
    const { operation, bucket, key, query, source } = readS3Request(method, url, copySource);
    const fault = rules.next(operation, key);
    const call: Call = {
      operation,
      method,
      bucket,
      key,
      keys: [...(operation === 'DeleteObjects' ? [] : [key]), ...(source ? [source] : [])],
      query,
      headers: req.headers,
      startedAt: Date.now(),
      fault: fault?.kind,
      status: undefined,
      bytesIn: 0,
      bytesOut: 0,
      durationMs: undefined,
    };
    const startedAt = performance.now();
    calls.push(call);
    open += 1;
    res.once('close', () => {
      open -= 1;
      call.durationMs = performance.now() - startedAt;
    });
    if (mayContinue && fault?.kind !== 'early') res.writeContinue();
    // A client that goes away in the middle is no failure of the proxy.
    carryOut({ req, res, call, fault }, new URL(target)).catch(() => res.destroy());
  };

  const server = createServer({ maxHeaderSize: 64 * 1024 });
  // The service decides how long it waits, never the proxy.
  Object.assign(server, { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 60_000 });
  server.on('request', (req, res) => handle(req, res, false));
  server.on('checkContinue', (req, res) => handle(req, res, true));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A TCP server's address is an object; only pipes have strings.
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    port,
    calls,
    fail: rules.add,
    heal: rules.clear,
    forget: () => {
      calls.length = 0;
    },
    open: () => open,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
