// Files over S3 as hosts write them by hand: the SDK's client, a command per request, its stream piped out.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { ZipArchive } from 'archiver';
import { bucket, credentials, endpoint, region } from './environment.ts';

export const client = new S3Client({ region, endpoint, credentials, forcePathStyle: true });

// A client that leaves in the midst of a PUT makes the SDK's own chunking stream emit an error that the
// caller cannot listen for; the process would end, and with it the race.
process.on('uncaughtException', () => {});

interface Item {
  readonly path: string;
  readonly type: 'file' | 'folder';
  readonly name: string;
  readonly content_length?: number | undefined;
  readonly last_modified?: string | undefined;
  readonly etag?: string | undefined;
}

/** Streams one object, with the headers that a browser needs. */
export async function get(req: IncomingMessage, res: ServerResponse, key: string): Promise<void> {
  const object = await client.send(
    new GetObjectCommand({
      Bucket: bucket,
      Key: key,
      Range: req.headers.range,
      IfNoneMatch: req.headers['if-none-match'],
    }),
  );
  res.statusCode = object.ContentRange === undefined ? 200 : 206;
  setHeaders(res, object);
  if (object.ContentRange !== undefined) res.setHeader('Content-Range', object.ContentRange);
  await pipeline(object.Body as Readable, res);
}

export async function head(res: ServerResponse, key: string): Promise<void> {
  setHeaders(res, await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key })));
  res.end();
}

interface Described {
  readonly ContentType?: string | undefined;
  readonly ContentLength?: number | undefined;
  readonly ETag?: string | undefined;
  readonly LastModified?: Date | undefined;
}

function setHeaders(res: ServerResponse, object: Described): void {
  res.setHeader('Content-Type', object.ContentType ?? 'application/octet-stream');
  res.setHeader('Content-Length', String(object.ContentLength ?? 0));
  res.setHeader('Accept-Ranges', 'bytes');
  if (object.ETag !== undefined) res.setHeader('ETag', object.ETag);
  if (object.LastModified !== undefined)
    res.setHeader('Last-Modified', object.LastModified.toUTCString());
}

export async function list(prefix: string): Promise<{ readonly resource: readonly Item[] }> {
  const resource: Item[] = [];
  let token: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        Delimiter: '/',
        ContinuationToken: token,
      }),
    );
    for (const { Prefix = '' } of page.CommonPrefixes ?? [])
      resource.push({ path: Prefix, type: 'folder', name: Prefix.slice(prefix.length) });
    for (const { Key = '', Size, LastModified, ETag } of page.Contents ?? [])
      resource.push({
        path: Key,
        type: 'file',
        name: Key.slice(prefix.length),
        content_length: Size,
        last_modified: LastModified?.toISOString(),
        etag: ETag,
      });
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return { resource };
}

export async function put(req: IncomingMessage, key: string): Promise<{ readonly path: string }> {
  await client.send(
    new PutObjectCommand({
      Bucket: bucket,
      Key: key,
      Body: req,
      ContentLength: Number(req.headers['content-length']),
      ContentType: req.headers['content-type'],
    }),
  );
  return { path: key };
}

export async function remove(key: string): Promise<{ readonly path: string }> {
  await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
  return { path: key };
}

export async function signRead(key: string): Promise<{ readonly url: string }> {
  const command = new GetObjectCommand({ Bucket: bucket, Key: key });
  return { url: await getSignedUrl(client, command, { expiresIn: 3600 }) };
}

export async function signWrite(key: string): Promise<{ readonly url: string }> {
  const command = new PutObjectCommand({ Bucket: bucket, Key: key });
  return { url: await getSignedUrl(client, command, { expiresIn: 3600 }) };
}

/** A folder as a zip: archiver over the SDK's streams, one object after the other, stored. */
export async function zip(res: ServerResponse, prefix: string): Promise<void> {
  res.setHeader('Content-Type', 'application/zip');
  const archive = new ZipArchive({ store: true });
  const sent = pipeline(archive, res);
  for (const { path: key, name } of (await list(prefix)).resource) {
    const object = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    const taken = new Promise((resolve) => archive.once('entry', resolve));
    archive.append(object.Body as Readable, { name });
    await taken;
  }
  await archive.finalize();
  await sent;
}

/** The status that the SDK's error carries: 304 and 404 come as errors. */
export function statusOf(error: unknown): number {
  const metadata = (error as { $metadata?: { httpStatusCode?: number } }).$metadata;
  return metadata?.httpStatusCode ?? 500;
}
