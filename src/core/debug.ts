// The debug namespaces: what DEBUG=file-service:* prints. Never a secret, a signed URL or a body.

/** Prints a message in the form of util.format. */
type Print = (format: string, ...given: unknown[]) => void;

// The package that prints is loaded with the first message, so that importing this one need not wait for it.
function printer(namespace: string): Print {
  let print: Print | undefined;
  let waiting: Parameters<Print>[] | undefined;
  const load = async (): Promise<void> => {
    const { default: createDebug } = await import('debug');
    print = createDebug(namespace);
    for (const message of waiting ?? []) print(...message);
    waiting = undefined;
  };
  return (...message) => {
    if (print !== undefined) return print(...message);
    if (waiting === undefined) {
      waiting = [];
      // An installation that lacks the package is told of, and goes on.
      load().catch((error: unknown) => process.emitWarning(error as Error));
    }
    // In an installation that lacks it nothing is kept for ever.
    if (waiting.length < MOST_WAITING) waiting.push(message);
  };
}

const MOST_WAITING = 1000;

/** Requests as they pass through the pipeline. */
export const debugRequest = printer('file-service:request');
/** Calls to storage and what became of them. */
export const debugStorage = printer('file-service:storage');
/** Hooks that failed or were too slow. */
export const debugHook = printer('file-service:hook');
