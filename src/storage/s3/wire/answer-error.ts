// Answers of S3 that are no success, as the errors that the SDK would throw for them: whoever looks at an error
// cannot tell how its command travelled.

type Headers = Readonly<Record<string, string | undefined>>;

/** The error of an answer with this status. */
export function answerError(status: number, headers: Headers, body: Uint8Array | null): Error {
  const text = body === null ? '' : Buffer.from(body).toString();
  const name = /<Code>([A-Za-z0-9.]{1,100})<\/Code>/.exec(text)?.[1] ?? 'UnknownError';
  const size = /<ActualObjectSize>(\d{1,20})<\/ActualObjectSize>/.exec(text)?.[1];
  const region = /<Region>([a-z0-9-]{1,40})<\/Region>/.exec(text)?.[1];
  const message = /<Message>([^<]{1,500})<\/Message>/.exec(text)?.[1];
  return Object.assign(new Error(message ?? 'storage refused the command'), {
    name,
    $metadata: { httpStatusCode: status },
    $response: { statusCode: status, headers },
    ...(size === undefined ? {} : { ActualObjectSize: size }),
    ...(region === undefined ? {} : { Region: region }),
  });
}

/** The error of an answer that S3 would not give, such as the page of a web server. */
export function unlikeS3(what: string): Error {
  return Object.assign(new Error(`storage answered ${what}`), { name: 'UnlikeS3' });
}

/** The error of an answer that did not come in time, or of whatever else was waited for. */
export function lateError(what: string): Error {
  return Object.assign(new Error(what), { name: 'TimeoutError', code: 'ETIMEDOUT' });
}

/** The error of a credential provider that is silent. */
export function lateCredentials(): Error {
  return Object.assign(new Error('the credentials for storage did not come in time'), {
    name: 'CredentialsTimeout',
  });
}

/** The error of a document that is longer than any of S3's. */
export function endlessAnswer(): Error {
  return Object.assign(new Error('storage gave an answer without end'), { name: 'EndlessAnswer' });
}
