// One request that brings bytes of an upload: one at a time here, authorized and judged at its end, told in both protocols.
import { ClientAbort } from '../../core/client-signal.js';
import { access } from '../../core/hooks.js';
import { checkDigests, expectedDigests, type DigestCheck } from '../../http/body/digest.js';
import { guardBody, scanBody } from '../../http/body/guarded-body.js';
import { receiveBody, type ReceivedBody } from '../../http/body/received-body.js';
import type { StoredFile } from '../../http/entry.js';
import { broken, type FileReply } from '../../http/reply.js';
import { declaredLength } from '../../http/request.js';
import { baseName } from '../../core/key.js';
import { tooLarge } from '../../core/too-large.js';
import { fileArrived } from '../shared/upload/arrived.js';
import { isRefusal, putAway } from '../shared/upload/staged.js';
import type { Ask, Plan, RunContext } from '../operation.js';
import { append, type AppendRequest, type Received, type Room } from '../uploads/append.js';
import type { Finishing } from '../uploads/finish.js';
import { uploadGone } from '../uploads/refusals.js';
import type { OpenState } from '../uploads/state.js';
import { sessionName, type UploadSession } from '../uploads/upload-session.js';
import { finished, refused, unfinished } from './answers.js';
import { INTEROP_VERSION, isTus, refuseOtherVersion } from './protocol.js';
import { tusChecksum } from './tus-metadata.js';

/** Bytes of one request. */
export interface Receiving {
  readonly session: UploadSession;
  /** The operation that receives, in whose name `authorize` is asked again. */
  readonly operation: string;
  readonly offset: number;
  /** Bytes of the whole file, where the request says it. */
  readonly length: number | undefined;
  /** Whether the file ends with it; undefined: as soon as its length is reached. */
  readonly isLast: boolean | undefined;
  /** What there is of the upload, when it is known. */
  readonly state?: OpenState;
  /** Tells the client by interim responses how far storage has come. */
  readonly isInformed: boolean;
}

/** Bytes of this request, as far as HTTP says it. */
export function pieceLength({ request }: Pick<Ask, 'request'>): number | undefined {
  return request.hasBody ? declaredLength(request.headers) : 0;
}

/** The plan of a request on the upload in its path, in the name of an operation. */
export function planUpload(
  ask: Ask,
  operation: string,
  run: (context: RunContext, session: UploadSession) => Promise<FileReply>,
): Plan {
  refuseOtherVersion(ask.request);
  const session = sessionIn(ask);
  return {
    access: [access('write', session.key, session.verb, operation)],
    run: (context) => run(context, session),
  };
}

/** Receives, and answers. */
export async function receive(
  ask: Ask,
  context: RunContext,
  receiving: Receiving,
): Promise<FileReply> {
  const { session, operation, isInformed } = receiving;
  const bucket = context.lasting();
  const check = checkOf(ask);
  const body = bodyOf(ask, context, check);
  let isWhole = false;
  const finishing = finishingOf(ask, context, session, operation);
  const request = requestOf(ask, receiving, {
    check,
    body,
    finishing: {
      ...finishing,
      authorize: () => {
        isWhole = true;
        return finishing.authorize();
      },
    },
  });
  try {
    const under = { name: sessionName(session), owner: session.owner, stop: body.stop };
    const result = await context.appends.run(under, () => append(bucket, session, request));
    if (result.kind === 'finished')
      return finished(ask, await arrived(ask, context, session, result));
    return unfinished(ask, session, result);
  } catch (error) {
    const explained = context.explain(error);
    // Clients that were told how to go on do so after a broken connection, and give up after a 5xx.
    if (isInformed && explained.status >= 500) return broken(explained);
    return refused(ask, error, isWhole);
  } finally {
    // Of a request that was refused nobody reads on.
    body.stop();
  }
}

/** The file of a finished upload, once the host has been told of it. */
async function arrived(
  ask: Ask,
  context: RunContext,
  session: UploadSession,
  { etag, size }: { readonly etag: string; readonly size: number },
): Promise<StoredFile> {
  const file: StoredFile = {
    name: baseName(session.key),
    path: session.key,
    content_type: session.contentType,
    content_length: size,
    type: 'file',
    ...(etag === '' ? {} : { etag }),
  };
  return fileArrived(ask, context, file, { via: session.way, id: sessionName(session) });
}

// Bytes that arrive before storage has been asked wait in memory; a client that waits to be told to send them, does.
function bodyOf(ask: Ask, context: RunContext, check: DigestCheck | null) {
  const { request, settings } = ask;
  let body: ReceivedBody | undefined;
  let isStopped = false;
  const receiveNow = (): ReceivedBody =>
    (body ??= receiveBody(request.body, {
      length: pieceLength(ask),
      idleMs: settings.timeouts.idleMs,
      minBytesPerSecond: settings.minUploadBytesPerSecond,
      ...(check === null ? {} : { update: check.update }),
      signal: context.signal,
    }));
  if (request.headers['expect'] === undefined) receiveNow();
  context.countBytesIn(() => body?.bytes() ?? 0);
  return {
    open(room: Room): Received {
      const opened = receiveNow();
      opened.admit(room);
      if (isStopped) opened.stop();
      return opened;
    },
    stop(): void {
      isStopped = true;
      body?.stop();
    },
  };
}

interface Bytes extends Pick<AppendRequest, 'finishing'> {
  readonly check: DigestCheck | null;
  readonly body: ReturnType<typeof bodyOf>;
}

function requestOf(
  ask: Ask,
  receiving: Receiving,
  { check, body, finishing }: Bytes,
): AppendRequest {
  const { offset, length, isLast, state, isInformed } = receiving;
  const bound = ask.settings.resumable?.maxAppendBytes ?? Infinity;
  return {
    offset,
    ...(length === undefined ? {} : { length }),
    ...(isLast === undefined ? {} : { isLast }),
    ...(state === undefined ? {} : { state }),
    ...(check === null ? {} : { verify: check.verify }),
    ...(isInformed ? { onStored: informer(ask) } : {}),
    finishing,
    receive: (room) =>
      body.open(
        room.bytes <= bound
          ? room
          : {
              bytes: bound,
              exceeded: () => tooLarge(`One request may bring at most ${bound} bytes.`, bound),
            },
      ),
  };
}

/** What is promised of this request's bytes; of the whole file's it is the session that knows. */
function checkOf({ request }: Pick<Ask, 'request'>): DigestCheck | null {
  if (isTus(request)) return tusChecksum(request.headers['upload-checksum']);
  const { 'repr-digest': _, ...ofContent } = request.headers;
  const digests = expectedDigests(ofContent);
  return digests === null ? null : checkDigests(digests);
}

const INFORM_MS = 1000;

function informer({ request }: Pick<Ask, 'request'>): (offset: number) => void {
  let last = Date.now();
  return (offset) => {
    if (Date.now() - last < INFORM_MS) return;
    last = Date.now();
    request.inform?.({
      'Upload-Draft-Interop-Version': INTEROP_VERSION,
      'Upload-Offset': String(offset),
    });
  };
}

/** What is asked before an upload becomes a file: the right again, the scanner, and the digest that was promised. */
export function finishingOf(
  { settings }: Pick<Ask, 'settings'>,
  context: RunContext,
  session: UploadSession,
  operation: string,
): Finishing {
  const { key, verb, contentType, digests = null } = session;
  const authorize = () => context.authorize(access('write', key, verb, operation));
  const { scan } = settings;
  if (scan === undefined && digests === null) return { authorize };
  return {
    authorize,
    async refused(error, staged, size) {
      if (settings.quarantine !== 'keep' || !isRefusal(error)) return;
      await putAway(context, { staged, key, size, contentType, via: session.way }, error);
    },
    async judge(file, size) {
      const limits = {
        length: size,
        maxBytes: size,
        idleMs: settings.timeouts.idleMs,
        minBytesPerSecond: 0,
        digests,
        // The client may leave: what it has sent is judged all the same.
        signal: new ClientAbort(),
      };
      const info = { path: key, contentType, contentLength: size, principal: context.principal };
      const guarded =
        scan === undefined
          ? guardBody(file, limits)
          : scanBody(file, limits, scan, {
              info,
              timeoutMs: settings.timeouts.hookMs,
              onFailure: (error) => context.hookFailed('scan', error),
            });
      for await (const _ of guarded.stream);
    },
  };
}

/** The session in the token of a request's path. */
function sessionIn(ask: Ask): UploadSession {
  const { grant, settings } = ask;
  // Of another container it gives as little as a token that does not open.
  const isOurs = grant?.kind === 'session' && grant.tenant === ask.tenant();
  if (!isOurs || settings.resumable === undefined || grant.session.way === 'direct')
    throw uploadGone();
  return grant.session;
}
