// A store of uploads that remembers the sizes of parts and none of their bytes, for more bytes than a machine holds.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A running one, with what a service needs to reach it. */
export interface SinkStore {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Bytes of all parts that came. */
  readonly bytes: () => number;
  /** Uploads that were completed. */
  readonly completed: () => number;
  close(): Promise<void>;
}

const ETAG = '"00000000000000000000000000000000"';

/** Starts one. */
export async function startSinkStore(): Promise<SinkStore> {
  const uploads = new Map<string, Map<number, number>>();
  let begun = 0;
  let bytes = 0;
  let completed = 0;

  const xml = (res: ServerResponse, text: string): void => {
    res.setHeader('Content-Type', 'application/xml');
    res.end(`<?xml version="1.0" encoding="UTF-8"?>\n${text}`);
  };
  const drained = async (req: IncomingMessage): Promise<number> => {
    let size = 0;
    for await (const chunk of req) size += (chunk as Buffer).length;
    return size;
  };

  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const size = await drained(req);
    const { searchParams } = new URL(req.url ?? '/', 'http://sink');
    const id = searchParams.get('uploadId') ?? '';
    const parts = uploads.get(id);
    if (req.method === 'POST' && searchParams.has('uploads')) {
      begun += 1;
      uploads.set(`u${begun}`, new Map());
      return xml(
        res,
        `<InitiateMultipartUploadResult><UploadId>u${begun}</UploadId></InitiateMultipartUploadResult>`,
      );
    }
    if (id !== '' && parts === undefined) {
      res.statusCode = 404;
      return xml(res, '<Error><Code>NoSuchUpload</Code><Message>gone</Message></Error>');
    }
    if (parts !== undefined && req.method === 'PUT') {
      parts.set(Number(searchParams.get('partNumber')), size);
      bytes += size;
      res.setHeader('ETag', ETAG);
      res.end();
    } else if (parts !== undefined && req.method === 'GET') {
      const listed = [...parts].toSorted(([left], [right]) => left - right);
      xml(
        res,
        `<ListPartsResult><IsTruncated>false</IsTruncated>${listed
          .map(
            ([number, length]) =>
              `<Part><PartNumber>${number}</PartNumber><ETag>${ETAG}</ETag><Size>${length}</Size></Part>`,
          )
          .join('')}</ListPartsResult>`,
      );
    } else if (parts !== undefined) {
      uploads.delete(id);
      if (req.method === 'DELETE') {
        res.statusCode = 204;
        res.end();
        return;
      }
      completed += 1;
      xml(
        res,
        `<CompleteMultipartUploadResult><ETag>${ETAG}</ETag></CompleteMultipartUploadResult>`,
      );
    } else if (searchParams.has('list-type')) {
      xml(
        res,
        '<ListBucketResult><IsTruncated>false</IsTruncated><KeyCount>0</KeyCount></ListBucketResult>',
      );
    } else {
      res.statusCode = req.method === 'HEAD' || req.method === 'GET' ? 404 : 200;
      res.setHeader('ETag', ETAG);
      res.end();
    }
  };

  const server = createServer((req, res) => {
    // A sender that breaks off is no failure of the store.
    answer(req, res).catch(() => res.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A server that listens on TCP has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    bucket: 'sink',
    accessKeyId: 'testaccess',
    secretAccessKey: 'testsecretkey',
    bytes: () => bytes,
    completed: () => completed,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
