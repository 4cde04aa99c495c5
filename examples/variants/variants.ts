// Small images made of large ones on demand: `GET /photos/a.jpg?variant=thumb`. What may be read is the service's to
// say, at each request; what was made is kept below `.s3files/variants/`, where no request of a client comes.
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import sharp from 'sharp';

/** One kind of variant: the box that the image is scaled into, never up. */
export interface Variant {
  readonly width: number;
  readonly height: number;
  /** `cover` fills the box and cuts what stands over. @default 'inside' */
  readonly fit?: 'cover' | 'inside';
}

/** What variants are made of, and where they are kept. */
export interface VariantOptions {
  /** Answers a request as the file service does; what `createFetchHandler` returns. */
  readonly service: (request: Request) => Promise<Response>;
  /** By the name that `?variant=` takes. Clients choose among these: free sizes would be free work for us. */
  readonly variants: Readonly<Record<string, Variant>>;
  readonly s3: S3Client;
  readonly bucket: string;
  /** The `container` of the service. @default '' */
  readonly container?: string;
  /** Images with more pixels are 413, before one is decoded. @default 50 million, at 4 bytes each */
  readonly maxPixels?: number;
  /** Larger files are 413, before one byte is read. @default 50 MiB */
  readonly maxBytes?: number;
  /** Images that are made at the same time; others wait. @default 2 */
  readonly atOnce?: number;
  /** How many may wait; more are 503. @default 100 */
  readonly maxWaiting?: number;
}

// SVG is a program that draws, and PDF a document: neither is decoded here.
const TYPES = new Set(['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif']);
const FORMATS = new Set(['jpeg', 'png', 'webp', 'gif', 'heif']);
const SECONDS = 10;

/**
 * Answers `GET` and `HEAD` of a file with `?variant=`; everything else goes to the service as it is.
 *
 * A variant belongs to the ETag of its image: one that was replaced gets new variants, and a lifecycle rule on
 * `.s3files/variants/` removes old ones.
 */
export function imageVariants(options: VariantOptions): (request: Request) => Promise<Response> {
  const { service, variants } = options;
  const make = renderer(options);
  const kept = cacheOf(options);
  const making = new Map<string, Promise<Uint8Array>>();

  // A hundred that ask at once for a new variant are answered by one, which also looks whether it was made before:
  // who looked alone would make it again when another finished meanwhile.
  const bytesOf = (image: Image, variant: Variant): Promise<Uint8Array> => {
    const running = making.get(image.key);
    if (running !== undefined) return running;
    const started = keptOrMade(image, variant).finally(() => making.delete(image.key));
    making.set(image.key, started);
    return started;
  };
  const keptOrMade = async (image: Image, variant: Variant): Promise<Uint8Array> => {
    const there = await kept.read(image.key);
    if (there !== undefined) return there;
    const bytes = await make(() => read(options, image.original), variant);
    await kept.write(image.key, bytes);
    return bytes;
  };

  return async (request) => {
    const url = new URL(request.url);
    const name = url.searchParams.get('variant');
    if (name === null || !['GET', 'HEAD'].includes(request.method)) return service(request);
    const variant = Object.hasOwn(variants, name) ? variants[name] : undefined;
    if (variant === undefined) return refusal(400, 'invalid_parameter', 'No such variant.');
    const original = originalOf(request, url);
    // The service says whether this caller may read the file, and which version of it there is.
    const found = await service(new Request(original, { method: 'HEAD' }));
    if (found.status !== 200) return service(new Request(original, { method: request.method }));
    const version = found.headers.get('etag') ?? '';
    original.headers.set('If-Match', version);
    const key = keyOf([url.pathname, version, variant]);
    const etag = `"${key}"`;
    if (request.headers.get('if-none-match')?.includes(etag) === true)
      return new Response(null, { status: 304, headers: { ETag: etag, ...OF_VARIANTS } });
    try {
      judge(options, found.headers);
      const bytes = await bytesOf({ key, original }, variant);
      const headers = { ETag: etag, 'Content-Length': String(bytes.length), ...OF_VARIANTS };
      const body = request.method === 'HEAD' ? null : Buffer.from(bytes);
      return new Response(body, { headers: { 'Content-Type': 'image/webp', ...headers } });
    } catch (error) {
      if (error instanceof Refused) return refusal(error.status, error.reason, error.message);
      throw error;
    }
  };
}

interface Image {
  readonly key: string;
  readonly original: Request;
}

/** The request for the image itself, with whatever says who asks. */
function originalOf({ headers }: Request, url: URL): Request {
  const address = new URL(url);
  address.search = '';
  const given = new Headers(headers);
  // Conditions and ranges of the client are about the variant.
  for (const name of ['if-none-match', 'if-match', 'if-modified-since', 'range', 'if-range'])
    given.delete(name);
  return new Request(address, { headers: given });
}

function judge({ maxBytes = 50 * 2 ** 20 }: VariantOptions, headers: Headers): void {
  const type = (headers.get('content-type') ?? '').split(';')[0] ?? '';
  if (!TYPES.has(type)) throw new Refused(415, 'unsupported_type', 'No image to make variants of.');
  // A file without a length has one that nobody knows.
  const length = Number(headers.get('content-length') ?? Infinity);
  if (length > maxBytes) throw new Refused(413, 'too_large', `Over ${maxBytes} bytes.`);
}

async function read({ service }: VariantOptions, original: Request): Promise<Uint8Array> {
  const answer = await service(original.clone());
  // 412: it was replaced since, and would be stored as a variant of what it was.
  if (answer.status !== 200)
    throw new Refused(503, 'storage_unavailable', 'The image could not be read; ask again.');
  return new Uint8Array(await answer.arrayBuffer());
}

type Make = (image: () => Promise<Uint8Array>, variant: Variant) => Promise<Uint8Array>;

/** Makes variants, a few at a time. */
function renderer(options: VariantOptions): Make {
  const { maxPixels = 50_000_000, atOnce = 2, maxWaiting = 100 } = options;
  const waiting: (() => void)[] = [];
  let running = 0;
  const turn = async (): Promise<void> => {
    if (running < atOnce) {
      running += 1;
      return;
    }
    if (waiting.length >= maxWaiting)
      throw new Refused(503, 'storage_unavailable', 'Too many images are being made.');
    await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  };
  return async (image, variant) => {
    await turn();
    try {
      return await render(await image(), variant, maxPixels);
    } finally {
      leave();
    }
  };
}

async function render(bytes: Uint8Array, variant: Variant, maxPixels: number): Promise<Uint8Array> {
  const { width, height, fit = 'inside' } = variant;
  try {
    // What the bytes are counts, whatever the file says of itself: here the pixels are counted too.
    const image = sharp(bytes, { limitInputPixels: maxPixels, failOn: 'error' });
    const { format } = await image.metadata();
    if (!FORMATS.has(format)) throw new Refused(415, 'unsupported_type', 'No image of this kind.');
    return await image
      .timeout({ seconds: SECONDS })
      // As the camera was held. Of the metadata, places among them, nothing goes into the variant.
      .autoOrient()
      .resize({ width, height, fit, withoutEnlargement: true })
      .webp()
      .toBuffer();
  } catch (error) {
    if (error instanceof Refused) throw error;
    if (/pixel limit/i.test(String(error)))
      throw new Refused(413, 'too_large', `Over ${maxPixels} pixels.`);
    throw new Refused(415, 'unsupported_type', 'The image cannot be decoded.');
  }
}

/** What was made before, in the service's own folder. */
function cacheOf({ s3, bucket, container = '' }: VariantOptions) {
  const root = container === '' || container.endsWith('/') ? container : `${container}/`;
  const place = (key: string) => ({ Bucket: bucket, Key: `${root}.s3files/variants/${key}.webp` });
  return {
    read: async (key: string): Promise<Uint8Array | undefined> => {
      try {
        const { Body } = await s3.send(new GetObjectCommand(place(key)));
        return await Body?.transformToByteArray();
      } catch (error) {
        if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
        throw error;
      }
    },
    write: async (key: string, bytes: Uint8Array): Promise<void> => {
      await s3.send(
        new PutObjectCommand({ ...place(key), Body: bytes, ContentType: 'image/webp' }),
      );
    },
  };
}

function keyOf(parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

// Asked again at each use, as the image itself is.
const OF_VARIANTS = {
  'Cache-Control': 'private, no-cache, no-transform',
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'X-Content-Type-Options': 'nosniff',
};

class Refused extends Error {
  readonly status: number;
  readonly reason: string;
  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** In the form of the service's own errors. */
function refusal(status: number, reason: string, message: string): Response {
  const error = { code: status, context: null, message, status_code: status, reason };
  return Response.json({ error }, { status, headers: { 'Cache-Control': 'no-store' } });
}
