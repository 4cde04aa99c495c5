// The pipeline of the double: name the call, fail it on demand, authenticate, run, answer.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { S3Error, s3Error } from './errors.ts';
import type { Answer, Connection, Exchange, RecordedCall, Service } from './exchange.ts';
import { changedByFault } from './changed-answer.ts';
import { allowPage, answerPreflight } from './cross-origin.ts';
import type { Fault } from './faults.ts';
import type { Keyring } from './credentials.ts';
import { OPERATIONS } from './operations.ts';
import { HTML, judgeQuirks } from './quirk-gate.ts';
import { authenticate } from './signature.ts';
import { checkKey, nameOperation, parseTarget, type Target } from './target.ts';
import { answerEarly, breakOff, drain, sendAnswer, sendInformation } from './wire.ts';
import { escapeXml, tag } from './xml.ts';

const FAULT_CODES: Readonly<Record<number, string>> = {
  301: 'PermanentRedirect',
  400: 'RequestTimeout',
  403: 'AccessDenied',
  404: 'NoSuchKey',
  409: 'ConditionalRequestConflict',
  412: 'PreconditionFailed',
  429: 'TooManyRequests',
  503: 'SlowDown',
};

/** What serving a request needs; every call is pushed to `calls` as it arrives. */
export interface Serving {
  readonly service: Service;
  readonly keyring: Keyring;
  readonly calls: RecordedCall[];
}

/** Serves one request to its end; never rejects. */
export async function serve(
  serving: Serving,
  req: IncomingMessage,
  res: ServerResponse,
  expectsContinue: boolean,
): Promise<void> {
  const headers = readHeaders(req);
  const target = readTarget(req, headers);
  const operation =
    target instanceof S3Error ? 'InvalidURI' : nameOperation(req.method ?? '', target, headers);
  const call = recordCall(req, target, headers, operation);
  serving.calls.push(call);
  const { delayMs, fault } = serving.service.faults.take(operation, call.key);
  const connection = { req, res, call, fault };
  stampIds(res, serving.calls.length, serving.keyring.now());
  try {
    if (delayMs > 0) await wait(delayMs, undefined, { ref: false });
    if (fault !== undefined && (await failBeforehand(connection, fault, expectsContinue))) return;
    if (serving.service.quirks.answersHtml) {
      await drain(connection);
      return await sendAnswer(connection, HTML);
    }
    if (target instanceof S3Error) throw target;
    const { method = '' } = req;
    if (operation === 'OptionsObject')
      return await sendAnswer(
        connection,
        answerPreflight(serving.service, { method, target, headers }),
      );
    allowPage(serving.service, { method, target, headers }, res);
    const exchange = openExchange({ serving, connection, target, headers, expectsContinue });
    const run = OPERATIONS[operation];
    if (run === undefined) {
      throw s3Error(operation === 'MethodNotAllowed' ? operation : 'NotImplemented');
    }
    judgeQuirks(exchange);
    const answer = changedByFault(await run(exchange), fault);
    if (fault?.kind === 'commit-then-reset' || fault?.kind === 'commit-then-silence')
      await breakOff(connection);
    if (fault?.kind === 'informational') sendInformation(connection, fault.status ?? 103);
    await sendAnswer(connection, answer);
  } catch (error) {
    await refuse(connection, error, expectsContinue);
  }
}

function readHeaders(req: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let index = 0; index < req.rawHeaders.length; index += 2) {
    const name = (req.rawHeaders[index] ?? '').toLowerCase();
    const value = (req.rawHeaders[index + 1] ?? '').trim();
    headers[name] = Object.hasOwn(headers, name) ? `${headers[name]},${value}` : value;
  }
  return headers;
}

function readTarget(req: IncomingMessage, headers: Record<string, string>): Target | S3Error {
  try {
    return parseTarget(req.url ?? '/', headers['host'] ?? '');
  } catch (error) {
    if (error instanceof S3Error) return error;
    throw error;
  }
}

function recordCall(
  req: IncomingMessage,
  target: Target | S3Error,
  headers: Record<string, string>,
  operation: string,
): RecordedCall {
  const { bucket, key, query } =
    target instanceof S3Error ? { bucket: '', key: '', query: {} } : target;
  return {
    operation,
    method: req.method ?? '',
    bucket,
    key,
    query,
    headers,
    startedAt: Date.now(),
    status: undefined,
    bytesIn: 0,
    bytesOut: 0,
    complete: false,
  };
}

function stampIds(res: ServerResponse, count: number, now: number): void {
  // Clients correct their clocks by it, so it is the one that signatures are judged by.
  res.setHeader('date', new Date(now).toUTCString());
  res.setHeader('server', 'AmazonS3');
  res.setHeader('x-amz-request-id', `S3DOUBLEREQUEST${String(count).padStart(6, '0')}`);
  res.setHeader('x-amz-id-2', `s3double-host-id-${count}`);
}

function openExchange(parts: {
  readonly serving: Serving;
  readonly connection: Connection;
  readonly target: Target;
  readonly headers: Record<string, string>;
  readonly expectsContinue: boolean;
}): Exchange {
  const { serving, connection, target, headers, expectsContinue } = parts;
  const method = connection.req.method ?? '';
  const caller = authenticate(
    { method, target, headers },
    serving.keyring,
    serving.service.quirks.unsignedHeaders,
  );
  checkKey(target.key);
  return {
    ...connection,
    service: serving.service,
    headers: { ...hoistedHeaders(target), ...headers },
    query: target.query,
    key: target.key,
    caller,
    expectsContinue,
  };
}

// A signed URL may carry x-amz- headers in its query; S3 takes them as if they were sent.
function hoistedHeaders(target: Target): Record<string, string> {
  if (!('X-Amz-Algorithm' in target.query)) return {};
  const own =
    /^x-amz-(?:algorithm|credential|date|expires|signedheaders|signature|content-sha256)$/;
  return Object.fromEntries(
    Object.entries(target.query)
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => name.startsWith('x-amz-') && !own.test(name)),
  );
}

// True when the fault took the place of the operation.
async function failBeforehand(
  connection: Connection,
  fault: Fault,
  expectsContinue: boolean,
): Promise<boolean> {
  const isCut = fault.kind === 'reset' || fault.kind === 'fin';
  if (isCut && fault.bytes === undefined) return breakOff(connection);
  const isSilent =
    fault.kind === 'black-hole' || (fault.kind === 'stall' && fault.bytes === undefined);
  if (fault.kind === 'early') {
    const answer = faultAnswer(connection, fault);
    answerEarly(connection, answer, answer.body);
    return true;
  }
  const isAnswer =
    fault.kind === 'status' || fault.kind === 'ok-then-error-body' || fault.kind === 'malformed';
  if (!isAnswer && !isSilent) return false;
  if (expectsContinue) connection.res.writeContinue();
  await drain(connection);
  if (isSilent) return breakOff(connection);
  await sendAnswer(connection, faultAnswer(connection, fault));
  return true;
}

function faultAnswer(connection: Connection, fault: Fault): Answer & { body: string } {
  const headers = { 'content-type': 'application/xml' };
  if (fault.kind === 'malformed') return { status: 200, headers, body: fault.body ?? '<nonsense' };
  const status = fault.status ?? (fault.kind === 'early' ? 403 : 500);
  const code = fault.code ?? FAULT_CODES[status] ?? 'InternalError';
  const error = new S3Error(code, status, 'This failure was asked for.');
  const body = fault.body ?? errorXml(connection, error);
  return { status: fault.kind === 'ok-then-error-body' ? 200 : status, headers, body };
}

async function refuse(
  connection: Connection,
  error: unknown,
  expectsContinue: boolean,
): Promise<void> {
  const { req, res } = connection;
  // The client has gone, or the connection was broken off on demand: nobody is there to answer.
  if (res.destroyed || res.headersSent || res.socket === null || res.socket.destroyed) return;
  const refusal =
    error instanceof S3Error ? error : new S3Error('InternalError', 500, String(error));
  // A client that waits for 100 Continue will not send the body that the framing expects.
  if (expectsContinue && connection.call.bytesIn === 0) res.setHeader('connection', 'close');
  await sendAnswer(connection, {
    status: refusal.status,
    headers: {
      'content-type': 'application/xml',
      ...(req.method === 'HEAD' ? { 'content-length': '0' } : {}),
    },
    body: req.method === 'HEAD' ? '' : errorXml(connection, refusal),
  });
}

function errorXml({ call, res }: Connection, error: S3Error): string {
  const elements = Object.entries(error.elements).map(([name, value]) => tag(name, value));
  const resource = `/${call.bucket}${call.key === '' ? '' : `/${call.key}`}`;
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<Error><Code>${escapeXml(error.code)}</Code>${tag('Message', error.message)}` +
    elements.join('') +
    tag('Resource', resource) +
    tag('RequestId', String(res.getHeader('x-amz-request-id'))) +
    `${tag('HostId', String(res.getHeader('x-amz-id-2')))}</Error>`
  );
}
