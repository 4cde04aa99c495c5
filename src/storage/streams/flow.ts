// Bytes that come by themselves: what a stream is, without being one.
import type { Readable } from 'node:stream';

/** Hears a flow. `end` or `fail` comes once, and last. */
export interface FlowReceiver {
  /** The bytes are the receiver's to keep. */
  data(bytes: Buffer): void;
  end(): void;
  fail(error: Error): void;
}

/** Bytes on their way. */
export interface Flow {
  /** Lets them come, once. */
  start(to: FlowReceiver): void;
  pause(): void;
  resume(): void;
  /** Frees what is behind it, unless it has ended; its receiver hears nothing more. */
  destroy(): void;
}

/** A stream as a flow; `abort` tears down what the stream comes from. */
export function flowOf(stream: Readable, abort: () => void): Flow {
  let stopListening = (): void => {};
  return {
    start(to) {
      const onData = (bytes: Buffer): void => to.data(bytes);
      const onEnd = (): void => {
        stopListening();
        to.end();
      };
      const onError = (error: Error): void => {
        stopListening();
        to.fail(error);
      };
      const onClose = (): void => onError(new Error('storage broke off its answer'));
      stopListening = () => {
        stream.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose);
        // What it still has to say is no news; without a listener an error would end the process.
        stream.on('error', () => {});
      };
      stream.on('end', onEnd).on('error', onError).on('close', onClose).on('data', onData);
    },
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    destroy() {
      stopListening();
      // Never started: an error without a listener would end the process all the same.
      stream.on('error', () => {});
      if (stream.readableEnded) return;
      stream.destroy();
      abort();
    },
  };
}

/** Bytes that came whole, as a flow. */
export function asFlow(body: Flow | Uint8Array): Flow {
  if (!(body instanceof Uint8Array)) return body;
  const { buffer, byteOffset, byteLength } = body;
  return {
    start(to) {
      if (byteLength > 0) to.data(Buffer.from(buffer, byteOffset, byteLength));
      to.end();
    },
    pause() {},
    resume() {},
    destroy() {},
  };
}
