// The objects that the suites ask about, put around the service, and what the store says of them.
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import type { Double } from './double/index.ts';
import { client, type Store } from './stores.ts';

/** One object of a fixture. */
export interface Thing {
  readonly body?: string | Uint8Array;
  readonly contentType?: string;
  /** Kept only by stores in this process. */
  readonly lastModified?: string;
}

/** Objects by key. */
export type Fixture = Readonly<Record<string, Thing>>;

/** 102400 bytes that begin as a PDF does. */
export const PDF = Buffer.alloc(102_400, '%PDF-1.4 no real document\n');

/** The fixture F of the cases. */
export const FIXTURE: Fixture = {
  'document.pdf': pdf('2026-02-09T10:15:00Z'),
  'images/': { contentType: 'application/x-directory', lastModified: '2026-02-10T14:30:00Z' },
  'images/logo.png': { body: 'PNG', contentType: 'image/png' },
  'uploads/report.pdf': pdf('2026-02-10T15:45:00Z'),
  'uploads/old-report.pdf': pdf('2026-02-01T08:00:00Z'),
  'old-folder/a.txt': { body: 'a\n', contentType: 'text/plain' },
  'old-folder/sub/b.txt': { body: 'b\n', contentType: 'text/plain' },
  'empty/': { contentType: 'application/x-directory' },
  'implied/x.txt': { body: 'x\n', contentType: 'text/plain' },
};

// Fewer than the connections of a client; a store on this machine is no faster with more.
const PUTS_AT_ONCE = 8;

/** What a store says of one object: the words of our answers. */
export interface Truth {
  readonly content_type: string | undefined;
  readonly content_length: number;
  readonly last_modified: string;
  readonly etag: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Goes around the service. */
export interface Bypass {
  /** Stores a fixture. */
  plant(fixture: Fixture): Promise<void>;
  /** Every key that is stored, in order. */
  keys(): Promise<string[]>;
  /** What is stored under a key; undefined when nothing is. */
  bytes(key: string): Promise<Buffer | undefined>;
  remove(key: string): Promise<void>;
  /** What the store says of a key that must be there. */
  look(key: string): Promise<Truth>;
  close(): void;
}

/** A way around the service into a store's bucket. */
export function bypass(store: Store & { readonly double?: Double }): Bypass {
  const s3 = client(store);
  const Bucket = store.bucket;

  const put = async (key: string, { body = '', contentType, lastModified }: Thing) => {
    const given = { contentType, ...(lastModified && { lastModified: new Date(lastModified) }) };
    if (store.double) return store.double.seed(Bucket, key, body, given);
    await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: key,
        Body: Buffer.from(body),
        ContentType: contentType,
      }),
    );
  };

  const keys = async (): Promise<string[]> => {
    const found: string[] = [];
    let after: string | undefined;
    do {
      const page = await s3.send(new ListObjectsV2Command({ Bucket, ContinuationToken: after }));
      found.push(...(page.Contents ?? []).map(({ Key = '' }) => Key));
      after = page.NextContinuationToken;
    } while (after !== undefined);
    return found;
  };

  return {
    plant: async (fixture) => {
      const queue = Object.entries(fixture).values();
      const work = async () => {
        for (const [key, thing] of queue) await put(key, thing);
      };
      await Promise.all(Array.from({ length: PUTS_AT_ONCE }, work));
    },
    keys,
    bytes: async (key) => {
      try {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: key }));
        return Buffer.from((await Body?.transformToByteArray()) ?? []);
      } catch (error) {
        if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
        throw error;
      }
    },
    remove: async (key) => {
      await s3.send(new DeleteObjectCommand({ Bucket, Key: key }));
    },
    look: async (key) => {
      const head = await s3.send(new HeadObjectCommand({ Bucket, Key: key }));
      return {
        content_type: head.ContentType,
        content_length: head.ContentLength ?? 0,
        last_modified: jsonDate(head.LastModified),
        etag: head.ETag ?? '',
        metadata: head.Metadata ?? {},
      };
    },
    close: () => s3.destroy(),
  };
}

/** A date as our answers write it. */
export function jsonDate(date: Date | undefined): string {
  return `${(date ?? new Date(0)).toISOString().slice(0, 19)}Z`;
}

function pdf(lastModified: string): Thing {
  return { body: PDF, contentType: 'application/pdf', lastModified };
}
