// What Orval's functions call: fetch, with the body that was given and the answer as its type says.

/** A call as Orval writes it. */
export interface Call {
  readonly url: string;
  readonly method: string;
  readonly params?: object;
  readonly headers?: object;
  readonly data?: unknown;
  readonly responseType?: string;
}

let base = '';

/** Where the service is. */
export const sendTo = (root: string): void => {
  base = root;
};

const bodyOf = (data: unknown): BodyInit | undefined =>
  data === undefined || data instanceof Blob || data instanceof FormData
    ? data
    : JSON.stringify(data);

/** Sends a call; JSON and archives as they are typed, a file's bytes as a Blob. */
export const send = async <T>({ url, method, params, headers, data }: Call): Promise<T> => {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params ?? {})) query.set(name, String(value));
  const sent = { ...headers } as Record<string, string>;
  // A form names its own boundary.
  if (data instanceof FormData) delete sent['Content-Type'];
  else if (data instanceof Blob) sent['Content-Type'] ??= 'application/octet-stream';
  const answer = await fetch(`${base}${url}?${query}`, {
    method,
    headers: sent,
    body: bodyOf(data),
  });
  if (!answer.ok) throw new Error(`${method} ${url}: ${await answer.text()}`);
  const isJson = answer.headers.get('content-type')?.startsWith('application/json');
  return (await (isJson ? answer.json() : answer.blob())) as T;
};
