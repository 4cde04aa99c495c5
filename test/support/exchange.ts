// A request that a test sends, and the answer to it.

/** What to send. The target is sent as it is: nothing tidies it. */
export interface Question {
  readonly method?: string;
  /** Below the mount, percent-encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly text: string;
  /** The body as JSON; throws when it is none. */
  readonly json: () => unknown;
}
