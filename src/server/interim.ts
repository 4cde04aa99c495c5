// Interim responses `104 Upload Resumption Supported`, which not every Node can send: the only user of what stands in for it.
import type { ServerResponse } from 'node:http';

type Headers = Readonly<Record<string, string>>;

/** A response of HTTP/1, as newer versions of Node have it. */
interface InformingResponse {
  readonly writeInformation?: (status: number, headers: Headers) => void;
  /** Older ones have it too, under no documented name. */
  readonly _writeRaw?: (text: string, encoding: 'latin1') => void;
}

/** A response of HTTP/2's compatibility API. */
interface StreamResponse {
  readonly stream?: { additionalHeaders(headers: Readonly<Record<string, string | number>>): void };
}

const STATUS = 104;
const PHRASE = 'Upload Resumption Supported';

/** Sends a 104, unless the answer has begun or the client has gone. Header values must be sane. */
export function sendInterim(res: ServerResponse, headers: Headers): void {
  if (res.headersSent || res.destroyed) return;
  const { stream } = res as unknown as StreamResponse;
  if (stream !== undefined) {
    stream.additionalHeaders({ ':status': STATUS, ...headers });
    return;
  }
  const informing = res as unknown as InformingResponse;
  if (informing.writeInformation !== undefined) {
    informing.writeInformation(STATUS, headers);
    return;
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  informing._writeRaw?.(`HTTP/1.1 ${STATUS} ${PHRASE}\r\n${lines.join('')}\r\n`, 'latin1');
}
