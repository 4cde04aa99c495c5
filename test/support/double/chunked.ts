// The aws-chunked framing: sizes, data and trailing headers inside the body of one request.
import { createHash, type Hash } from 'node:crypto';
import { s3Error } from './errors.ts';
import type { ChunkSigner } from './signature.ts';

/** Takes the framing off. `push` gives the data of a piece, `end` the trailing headers. */
export interface ChunkedDecoder {
  push(raw: Buffer): Buffer[];
  end(): Readonly<Record<string, string>>;
}

// AWS, "Signature calculations: transferring payload in multiple chunks": all but the last.
const MIN_CHUNK_BYTES = 8192;
const MAX_LINE_BYTES = 1024;

/** Starts decoding; with a signer the signature of every chunk and of the trailer is verified. */
export function decodeAwsChunked(signer: ChunkSigner | undefined): ChunkedDecoder {
  let state: 'size' | 'data' | 'after-data' | 'trailer' | 'done' = 'size';
  let line = '';
  let left = 0;
  let size = 0;
  let signature = '';
  let isShort = false;
  let hash: Hash = createHash('sha256');
  const trailer: [string, string][] = [];

  const endChunk = () => signer?.verifyChunk(hash.digest('hex'), signature);

  const readSize = (text: string) => {
    const match = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(text);
    if (match === null || (signer !== undefined && match[2] === undefined)) {
      throw s3Error('IncompleteBody', { message: 'The request body has invalid chunk framing.' });
    }
    size = Number.parseInt(match[1] ?? '', 16);
    signature = match[2] ?? '';
    if (size > 0 && isShort) throw s3Error('InvalidChunkSizeError');
    isShort = size < MIN_CHUNK_BYTES;
    left = size;
    hash = createHash('sha256');
    if (size === 0) endChunk();
    state = size === 0 ? 'trailer' : 'data';
  };

  const readTrailer = (text: string) => {
    const colon = text.indexOf(':');
    if (text === '') state = 'done';
    else if (colon < 1) throw s3Error('MalformedTrailerError');
    else trailer.push([text.slice(0, colon).toLowerCase(), text.slice(colon + 1).trim()]);
  };

  const readLine = (text: string) => {
    if (state === 'size') readSize(text);
    else if (state === 'trailer') readTrailer(text);
    else if (state === 'after-data' && text === '') state = 'size';
    else throw s3Error('IncompleteBody', { message: 'The request body has invalid framing.' });
  };

  const readData = (raw: Buffer): Buffer => {
    const data = raw.subarray(0, left);
    if (signer !== undefined) hash.update(data);
    left -= data.length;
    if (left === 0) {
      endChunk();
      state = 'after-data';
    }
    return data;
  };

  return {
    push: (raw) => {
      const out: Buffer[] = [];
      let offset = 0;
      while (offset < raw.length) {
        if (state === 'data') {
          const data = readData(raw.subarray(offset));
          out.push(data);
          offset += data.length;
          continue;
        }
        const feed = raw.indexOf(10, offset);
        const end = feed === -1 ? raw.length : feed + 1;
        line += raw.toString('latin1', offset, end);
        offset = end;
        if (line.length > MAX_LINE_BYTES) throw s3Error('MalformedTrailerError');
        if (!line.endsWith('\r\n')) continue;
        const text = line.slice(0, -2);
        line = '';
        readLine(text);
      }
      return out;
    },
    end: () => {
      if (state !== 'done') throw s3Error('IncompleteBody');
      verifyTrailer(trailer, signer);
      return Object.fromEntries(trailer);
    },
  };
}

function verifyTrailer(trailer: readonly [string, string][], signer: ChunkSigner | undefined) {
  if (signer === undefined || trailer.length === 0) return;
  const lines = trailer.filter(([name]) => name !== 'x-amz-trailer-signature');
  const text = lines.map(([name, value]) => `${name}:${value}\n`).join('');
  const signature = trailer.find(([name]) => name === 'x-amz-trailer-signature')?.[1] ?? '';
  signer.verifyTrailer(createHash('sha256').update(text).digest('hex'), signature);
}
