// Uploads over several requests within a quota: room is reserved part by part, under the id of the upload.
import type { PartSource, UploadStore } from '../upload-store.js';
import type { Changes } from './changes.js';
import type { Ledger, Reservation } from './ledger.js';
import type { QuotaStore } from './store.js';

/** What counting the object of an upload takes. */
export interface QuotaUploads {
  readonly uploads: UploadStore;
  readonly ledger: Ledger;
  readonly changes: Changes;
  readonly isCounted: (key: string) => boolean;
}

/** Gives back the room of an upload that nobody goes on with. Never throws. */
export async function releaseUpload(
  store: QuotaStore,
  container: string,
  uploadId: string,
): Promise<void> {
  const ended = { id: reservationOf(uploadId), bytes: 0, files: 0 };
  await store.settle(container, ended).catch(() => undefined);
}

function reservationOf(uploadId: string): string {
  return `upload:${uploadId}`;
}

/** The same uploads, within the quota. */
export function quotaUploads({ uploads, ledger, changes, isCounted }: QuotaUploads): UploadStore {
  const held = (id: string): Reservation => ledger.reserve(reservationOf(id));
  return {
    open: uploads.open,
    parts: uploads.parts,
    made: uploads.made,
    signPart: uploads.signPart,
    signForm: uploads.signForm,
    putPart: async (upload, number, bytes) => {
      await held(upload.id).add(bytes.length);
      return uploads.putPart(upload, number, bytes);
    },
    putParts: async (upload, source, cutting) => {
      const reservation = held(upload.id);
      const metered = meteredSource(source, reservation);
      let stored = 0;
      try {
        const result = await uploads.putParts(upload, metered.source, cutting);
        if (result.kind === 'sent') stored = result.parts * cutting.size;
        return result;
      } finally {
        // What was no whole part is sent again, or kept apart.
        await reservation.release(metered.reserved() - stored);
      }
    },
    complete: async (upload, request) => {
      if (!isCounted(upload.key)) return uploads.complete(upload, request);
      const total = request.parts.reduce((sum, { size }) => sum + size, 0);
      await held(upload.id).settle({ bytes: 0, files: 0 });
      return changes.one(upload.key, request, async (before, reservation) => {
        await reservation.add(total - before);
        const result = await uploads.complete(upload, request);
        return { result, after: result.kind === 'written' ? result : undefined };
      });
    },
    abort: async (upload) => {
      await held(upload.id).settle({ bytes: 0, files: 0 });
      await uploads.abort(upload);
    },
  };
}

function meteredSource(source: PartSource, reservation: Reservation) {
  let reserved = 0;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source.chunks) {
      await reservation.add(chunk.length);
      reserved += chunk.length;
      yield chunk;
    }
  }
  return {
    source: { chunks: chunks(), stop: () => source.stop() },
    reserved: () => reserved,
  };
}
