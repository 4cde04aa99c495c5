// Pre-signed URLs: asked for, and used.
import type { SignedUpload, Stoppable } from './answers.js';
import { attributeHeaders, type StoredAttributes } from './attributes.js';
import type { Caller } from './call.js';

/** Where and how long a pre-signed URL reads. */
export interface SignReadOptions extends Stoppable {
  /** @default 3600 */
  readonly expiresSeconds?: number;
  /** Saves the file instead of showing it. @default false */
  readonly download?: boolean;
  /** One of the `versions` of the file instead of the newest. */
  readonly versionId?: string;
  /** Signs without a look whether the file exists: no call to storage, and the type is that of the name. @default false */
  readonly noCheck?: boolean;
}

/** What a pre-signed URL may store. */
export interface SignWriteOptions extends Stoppable, StoredAttributes {
  /** @default 3600 */
  readonly expiresSeconds?: number;
  /** False replaces what is there. @default true */
  readonly createOnly?: boolean;
  readonly contentType?: string;
  readonly contentLength?: number;
}

/** Calls about pre-signed URLs. */
export interface SigningCalls {
  /** A URL that reads one file. */
  signRead(path: string, options?: SignReadOptions): Promise<string>;
  /** A URL that stores one file. */
  signWrite(path: string, options?: SignWriteOptions): Promise<SignedUpload>;
  /** Stores the file for which an upload was signed; the caller's credentials go to the service only. */
  uploadSigned(signed: SignedUpload, data: Blob | string, options?: Stoppable): Promise<Response>;
}

/** The signing calls of a caller. */
export function signingCalls(caller: Caller): SigningCalls {
  // Shapes of answers are the service's own; the contract fixes them.
  return {
    signRead: async (path, given = {}) => {
      const { expiresSeconds, download, versionId, noCheck, signal } = given;
      const query = {
        url: true,
        expires: expiresSeconds,
        download,
        version_id: versionId,
        no_check: noCheck,
      };
      const response = await caller.send('GET', path, { query, signal });
      return ((await response.json()) as { readonly url: string }).url;
    },
    signWrite: async (path, given = {}) => {
      const { createOnly, expiresSeconds, contentType, contentLength, signal } = given;
      const headers = attributeHeaders(given);
      const query = {
        url: true,
        expires: expiresSeconds,
        content_type: contentType,
        content_length: contentLength,
      };
      const method = createOnly === false ? 'PUT' : 'POST';
      const response = await caller.send(method, path, { query, headers, signal });
      return (await response.json()) as SignedUpload;
    },
    uploadSigned: ({ url, method, headers }, data, { signal } = {}) => {
      // A path leads to the service itself, a whole URL to storage.
      if (url.startsWith('/')) {
        const target = new URL(url, absolute(caller.url(''))).href;
        return caller.sendTo(method, target, { headers, body: data, signal });
      }
      return fetch(url, { method, headers, body: data, signal: signal ?? null });
    },
  };
}

// In a browser the address of the service may be a path of the page's own origin.
function absolute(url: string): string {
  const { location } = globalThis as { readonly location?: { readonly href: string } };
  return /^https?:/.test(url) ? url : new URL(url, location?.href).href;
}
