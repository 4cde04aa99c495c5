// The memory that multipart uploads may hold, for the whole process: however many clients upload,
// the buffers in use stay below one limit. Knows nothing of S3.

/** A buffer on loan. */
export interface PartBuffer {
  readonly bytes: Buffer;
  /** Gives it back; a second time does nothing. */
  release(): void;
}

/** What an upload asks for. */
export interface PartBufferRequest {
  /** Size of the buffer in bytes. */
  readonly size: number;
  /** Bytes that may be on loan in the whole process; a larger buffer waits until it is alone. */
  readonly limitBytes: number;
  /** Rejects with its reason while the buffer is waited for. */
  readonly signal: AbortSignal;
}

/** Lends buffers, first come first served. */
export interface PartBudget {
  acquire(request: PartBufferRequest): Promise<PartBuffer>;
  /** Bytes on loan. */
  inUse(): number;
}

interface Waiter {
  readonly request: PartBufferRequest;
  readonly grant: (buffer: PartBuffer) => void;
}

// New buffers are fresh pages and a reason to collect garbage. Between two uploads there is often a moment without one.
const KEPT_MS = 1000;

/** An empty budget. */
export function createPartBudget(): PartBudget {
  let lent = 0;
  const kept = keptBuffers();
  const queue: Waiter[] = [];

  const fits = ({ size, limitBytes }: PartBufferRequest): boolean =>
    lent === 0 || lent + size <= limitBytes;

  const lend = ({ size, limitBytes }: PartBufferRequest): PartBuffer => {
    lent += size;
    const bytes = kept.take(size, limitBytes - lent) ?? Buffer.allocUnsafeSlow(size);
    let returned = false;
    return {
      bytes,
      release() {
        if (returned) return;
        returned = true;
        lent -= size;
        kept.add(bytes, limitBytes - lent);
        serve();
        if (lent === 0) kept.forgetSoon();
      },
    };
  };

  const serve = (): void => {
    // Only the head is looked at: a large buffer is not overtaken for ever by small ones.
    for (let head = queue[0]; head !== undefined && fits(head.request); head = queue[0]) {
      queue.shift();
      head.grant(lend(head.request));
    }
  };

  return {
    inUse: () => lent,
    acquire(request) {
      const { signal } = request;
      if (signal.aborted) return Promise.reject(signal.reason as Error);
      if (queue.length === 0 && fits(request)) return Promise.resolve(lend(request));
      return new Promise((resolve, reject) => {
        const waiter: Waiter = {
          request,
          grant(buffer) {
            signal.removeEventListener('abort', leave);
            resolve(buffer);
          },
        };
        const leave = (): void => {
          queue.splice(queue.indexOf(waiter), 1);
          reject(signal.reason as Error);
          serve();
        };
        signal.addEventListener('abort', leave, { once: true });
        queue.push(waiter);
      });
    },
  };
}

/** Buffers that came back, for those who want one of the same size; the rest stays within so many bytes. */
function keptBuffers() {
  const buffers: Buffer[] = [];
  let held = 0;
  let forgetting: NodeJS.Timeout | undefined;
  // The oldest go first: parts of some uploads have a size of their own, which may never be asked for again.
  const shrink = (mostBytes: number): void => {
    while (held > mostBytes && buffers.length > 0) held -= buffers.shift()?.length ?? 0;
  };
  return {
    add(bytes: Buffer, mostBytes: number): void {
      buffers.push(bytes);
      held += bytes.length;
      shrink(mostBytes);
    },
    take(size: number, mostBytes: number): Buffer | undefined {
      clearTimeout(forgetting);
      // The one that came back last may still be in the processor's cache.
      const at = buffers.findLastIndex((bytes) => bytes.length === size);
      const taken = at < 0 ? undefined : buffers.splice(at, 1)[0];
      held -= taken?.length ?? 0;
      shrink(mostBytes);
      return taken;
    },
    forgetSoon(): void {
      forgetting = setTimeout(shrink, KEPT_MS, 0).unref();
    },
  };
}

// Module state on purpose: memory belongs to the process, so `maxPartBuffers` bounds all of its services together.
/** The budget that every service of this process shares. */
export const partBudget: PartBudget = createPartBudget();
