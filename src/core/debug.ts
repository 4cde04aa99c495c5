// The debug namespaces: what DEBUG=file-service:* prints. Never a secret, a signed URL or a body.
import createDebug from 'debug';

/** Requests as they pass through the pipeline. */
export const debugRequest = createDebug('file-service:request');
/** Calls to storage and what became of them. */
export const debugStorage = createDebug('file-service:storage');
/** Hooks that failed or were too slow. */
export const debugHook = createDebug('file-service:hook');
