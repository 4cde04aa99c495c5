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
  /** What came back, the last behind. */
  let free: Buffer[] = [];
  let kept = 0;
  let forgetting: NodeJS.Timeout | undefined;
  const queue: Waiter[] = [];

  const fits = ({ size, limitBytes }: PartBufferRequest): boolean =>
    lent === 0 || lent + size <= limitBytes;

  // Parts of some uploads have a size of their own, which may never be asked for again.
  const keepWithin = (limitBytes: number): void => {
    while (lent + kept > limitBytes && free.length > 0) kept -= free.shift()?.length ?? 0;
  };
  const taken = (size: number): Buffer | undefined => {
    // The one that came back last may still be in the processor's cache.
    const at = free.findLastIndex((bytes) => bytes.length === size);
    if (at < 0) return undefined;
    kept -= size;
    return free.splice(at, 1)[0];
  };
  const forget = (): void => {
    free = [];
    kept = 0;
  };

  const lend = ({ size, limitBytes }: PartBufferRequest): PartBuffer => {
    clearTimeout(forgetting);
    const again = taken(size);
    lent += size;
    keepWithin(limitBytes);
    const bytes = again ?? Buffer.allocUnsafeSlow(size);
    let returned = false;
    return {
      bytes,
      release() {
        if (returned) return;
        returned = true;
        lent -= size;
        free.push(bytes);
        kept += size;
        keepWithin(limitBytes);
        serve();
        if (lent === 0) forgetting = setTimeout(forget, KEPT_MS).unref();
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

// Module state on purpose: memory belongs to the process, so `maxPartBuffers` bounds all of its services together.
/** The budget that every service of this process shares. */
export const partBudget: PartBudget = createPartBudget();
