// Commands that travel by the SDK: those that are rare, and all where signing or routing is not plain SigV4.
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketCorsCommand,
  GetBucketVersioningCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { LinkedAbort } from '../../../../core/client-signal.js';
import { flowOf } from '../../../streams/flow.js';
import type { StorageSettings } from '../../settings.js';
import { boundAnswers } from '../bounded-answers.js';
import type { CommandName, Output, Send, Terms } from '../commands.js';
import { digestDeletes } from './delete-digest.js';
import { SILENT, clientConfig } from './sdk-config.js';
import { relayRequests } from './sdk-proxy.js';
import { sdkSockets } from './sdk-sockets.js';

const COMMANDS = {
  AbortMultipartUpload: AbortMultipartUploadCommand,
  CompleteMultipartUpload: CompleteMultipartUploadCommand,
  CopyObject: CopyObjectCommand,
  CreateBucket: CreateBucketCommand,
  CreateMultipartUpload: CreateMultipartUploadCommand,
  DeleteObject: DeleteObjectCommand,
  DeleteObjects: DeleteObjectsCommand,
  GetBucketCors: GetBucketCorsCommand,
  GetBucketVersioning: GetBucketVersioningCommand,
  GetObject: GetObjectCommand,
  GetObjectAcl: GetObjectAclCommand,
  GetObjectTagging: GetObjectTaggingCommand,
  HeadBucket: HeadBucketCommand,
  HeadObject: HeadObjectCommand,
  ListMultipartUploads: ListMultipartUploadsCommand,
  ListObjectVersions: ListObjectVersionsCommand,
  ListObjectsV2: ListObjectsV2Command,
  ListParts: ListPartsCommand,
  PutBucketVersioning: PutBucketVersioningCommand,
  PutObject: PutObjectCommand,
  PutObjectTagging: PutObjectTaggingCommand,
  UploadPart: UploadPartCommand,
  UploadPartCopy: UploadPartCopyCommand,
} satisfies Record<CommandName, unknown>;

// Longer than this a call with a deadline does not wait for a socket to come free. One that moves many bytes waits for
// its turn as long as one that has a socket may stand still.
const QUEUE_MS = 5000;

/** The SDK as a way for commands. */
export interface Sdk {
  readonly send: Send;
  /** Signs from now on as if this machine's clock were so many milliseconds ahead. */
  readonly setClockOffset: (ms: number) => void;
  readonly busySockets: () => number;
  readonly waiting: () => number;
  readonly close: () => void;
}

/** Opens nothing before the first command. */
export function sdk(settings: StorageSettings): Sdk {
  const { requestMs, idleMs } = settings.timeouts;
  const sockets = sdkSockets(settings);
  // The SDK's connectionTimeout counts the wait for a free socket; connecting itself is bound by the agents.
  const clientWaiting = (connectionTimeout: number): S3Client => {
    const client = new S3Client({
      ...clientConfig(settings, settings.endpoint),
      requestHandler: {
        ...sockets.agents,
        logger: SILENT,
        connectionTimeout,
        throwOnRequestTimeout: true,
        socketTimeout: 0,
      },
    });
    digestDeletes(client);
    boundAnswers(client, requestMs);
    relayRequests(client);
    return client;
  };
  const patient = clientWaiting(idleMs);
  const hasty = clientWaiting(Math.min(QUEUE_MS, Math.ceil(requestMs * 0.9)));
  const clients = [patient, hasty];

  return {
    send: (name, input, terms) => {
      const client = (terms.answerMs ?? Infinity) > requestMs ? patient : hasty;
      return sendBy(client, name, { input: { ...input, Bucket: settings.bucket }, terms });
    },
    setClockOffset: (ms) => clients.forEach(({ config }) => (config.systemClockOffset = ms)),
    busySockets: sockets.busySockets,
    waiting: sockets.waiting,
    close() {
      for (const client of clients) client.destroy();
      sockets.close();
    },
  };
}

interface Sending {
  readonly input: object;
  readonly terms: Terms;
}

async function sendBy<N extends CommandName>(
  client: S3Client,
  name: N,
  { input, terms: { signal, answerMs } }: Sending,
): Promise<Output<N>> {
  // Border with the SDK: the constructor and the output of a name belong together, which a union cannot say.
  const Command = COMMANDS[name] as unknown as new (input: object) => GetObjectCommand;
  const abort = new LinkedAbort(signal);
  try {
    const options = { abortSignal: abort.signal, requestTimeout: answerMs ?? 0 };
    const output = await client.send(new Command(input), options);
    // Under Node a body is always a Readable. It stays linked to the signal while it flows.
    if (output.Body instanceof Readable)
      return { ...output, Body: flowOf(output.Body, () => abort.abort()) } as Output<N>;
    abort.release();
    return output as Output<N>;
  } catch (error) {
    abort.release();
    // The SDK makes an error of its own of an abort.
    throw signal.aborted ? signal.reason : error;
  }
}
