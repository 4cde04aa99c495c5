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

/** An empty budget. */
export function createPartBudget(): PartBudget {
  let lent = 0;
  let free: Buffer[] = [];
  const queue: Waiter[] = [];

  const fits = ({ size, limitBytes }: PartBufferRequest): boolean =>
    lent === 0 || lent + size <= limitBytes;

  const lend = (size: number): PartBuffer => {
    lent += size;
    const again = free.findIndex((bytes) => bytes.length === size);
    const bytes = free.splice(again, again < 0 ? 0 : 1)[0] ?? Buffer.allocUnsafeSlow(size);
    let returned = false;
    return {
      bytes,
      release() {
        if (returned) return;
        returned = true;
        lent -= size;
        free.push(bytes);
        serve();
        // Buffers are kept for the next part only while uploads run.
        if (lent === 0) free = [];
      },
    };
  };

  const serve = (): void => {
    // Only the head is looked at: a large buffer is not overtaken for ever by small ones.
    for (let head = queue[0]; head !== undefined && fits(head.request); head = queue[0]) {
      queue.shift();
      head.grant(lend(head.request.size));
    }
  };

  return {
    inUse: () => lent,
    acquire(request) {
      const { signal } = request;
      if (signal.aborted) return Promise.reject(signal.reason as Error);
      if (queue.length === 0 && fits(request)) return Promise.resolve(lend(request.size));
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
