// The cases of downloads, metadata and signed URLs: B01-B17, B21.
import { expect, it } from 'vitest';
import { PDF } from '../support/fixture.ts';
import { onEveryStore } from '../support/places.ts';

const REPORT = '/uploads/report.pdf';
const httpDate = (json: string): string => new Date(json).toUTCString();

onEveryStore('reading', {}, (place) => {
  /** How a body is framed that comes from storage as a stream. */
  const framing = (length: number) =>
    place().service.chunksStreams
      ? { 'transfer-encoding': 'chunked' }
      : { 'content-length': String(length) };
  const truth = () => place().around.look('uploads/report.pdf');

  it('B01 answers the bytes with the headers of a file', async () => {
    const { etag, last_modified } = await truth();
    const { status, headers, body } = await place().ask({ path: REPORT });
    const { date, connection, 'x-request-id': id, ...own } = headers;
    expect([status, body.equals(PDF)]).toEqual([200, true]);
    expect([typeof date, connection, id?.length]).toEqual(['string', 'close', 36]);
    expect(own).toEqual({
      'content-type': 'application/pdf',
      ...framing(102_400),
      'content-disposition': 'inline; filename="report.pdf"',
      'last-modified': httpDate(last_modified),
      etag,
      'accept-ranges': 'bytes',
      'cache-control': 'private, no-cache, no-transform',
      vary: expect.any(String),
      'content-security-policy': "default-src 'none'; img-src 'self'; media-src 'self'",
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
    });
  });

  it('B02 saves instead of showing when asked', async () => {
    const { headers } = await place().ask({ path: `${REPORT}?download=true` });
    expect(headers['content-disposition']).toBe('attachment; filename="report.pdf"');
  });

  it('B03 does not find what is not there', async () => {
    expect(await place().refused({ path: '/uploads/missing.pdf' })).toEqual([
      404,
      'not_found',
      "Not Found: File 'uploads/missing.pdf' does not exist in storage.",
    ]);
  });

  it('B04 answers properties, not wrapped', async () => {
    const expected = {
      path: 'uploads/report.pdf',
      name: 'report.pdf',
      type: 'file',
      ...(await truth()),
    };
    const path = `${REPORT}?include_properties=true`;
    expect(await place().told({ path })).toEqual([200, expected]);
    const both = await place().ask({ path: `${path}&download=true` });
    expect([both.json(), both.headers['content-disposition']]).toEqual([expected, undefined]);
  });

  it('B05 answers the content in base64 beside the properties', async () => {
    const answer = await place().ask({
      path: `${REPORT}?include_properties=1&content=1&download=1`,
    });
    expect([answer.status, answer.headers['content-disposition']]).toEqual([200, undefined]);
    expect(answer.json()).toEqual({
      path: 'uploads/report.pdf',
      name: 'report.pdf',
      type: 'file',
      ...(await truth()),
      content: PDF.toString('base64'),
    });
  });

  it('B06 answers the content as text', async () => {
    const [status, body] = await place().told({
      path: '/old-folder/a.txt?include_properties=true&content=true&is_base64=false',
    });
    expect([status, (body as { content: string }).content]).toEqual([200, 'a\n']);
  });

  it('B07 answers 304 to a client that has this version', async () => {
    const { etag, last_modified } = await truth();
    const conditions: Record<string, string>[] = [
      { 'If-Modified-Since': httpDate(last_modified) },
      { 'If-None-Match': etag },
      { 'If-None-Match': '*' },
    ];
    for (const headers of conditions) {
      const answer = await place().ask({ path: REPORT, headers });
      expect([answer.status, answer.body.length, answer.headers.etag]).toEqual([304, 0, etag]);
    }
  });

  it.each([
    ['B08', { path: REPORT, headers: { Accept: 'application/octet-stream' } }],
    ['B09', { path: `${REPORT}?method=GET` }],
    ['B09', { path: `${REPORT}?_=1699999999` }],
    ['B11', { path: '/uploads%2Freport.pdf' }],
    ['B11', { path: '/%75ploads/report%2Epdf' }],
    ['B21', { path: '/uploads//report.pdf' }],
    ['B21', { path: '//uploads///report.pdf' }],
  ])('%s %j gives the same file', async (_, question) => {
    const { status, headers, body } = await place().ask(question);
    expect([status, headers['content-type'], body.equals(PDF)]).toEqual([
      200,
      'application/pdf',
      true,
    ]);
  });

  it.each([
    ['bytes=0-99', 'bytes 0-99/102400', 0, 100],
    ['bytes=102300-', 'bytes 102300-102399/102400', 102_300, 102_400],
    ['bytes=-500', 'bytes 101900-102399/102400', 101_900, 102_400],
    ['bytes=102399-999999', 'bytes 102399-102399/102400', 102_399, 102_400],
    ['bytes=-999999', 'bytes 0-102399/102400', 0, 102_400],
  ])('B12 answers %s', async (range, contentRange, start, end) => {
    const { status, headers, body } = await place().ask({ path: REPORT, headers: { range } });
    expect([status, headers['content-range']]).toEqual([206, contentRange]);
    // What is few is no stream.
    const length =
      end - start < 1000 ? String(end - start) : framing(end - start)['content-length'];
    expect(headers['content-length']).toBe(length);
    expect(body.equals(PDF.subarray(start, end))).toBe(true);
  });

  it('B12 answers 416 with the size when the range starts beyond the end', async () => {
    const answer = await place().ask({ path: REPORT, headers: { range: 'bytes=102400-' } });
    expect([answer.status, answer.headers['content-range']]).toEqual([416, 'bytes */102400']);
    expect(answer.headers.etag).toBeUndefined();
  });

  it('B13 answers HEAD as GET, without the body', async () => {
    for (const path of [REPORT, '/uploads/missing.pdf', '/images/', '/nope/', `${REPORT}/`]) {
      const got = await place().ask({ path });
      const head = await place().ask({ method: 'HEAD', path });
      const { date: _date, 'x-request-id': _id, ...headers } = got.headers;
      const { date: _headDate, 'x-request-id': _headId, ...headHeaders } = head.headers;
      expect([path, head.status, head.body.length]).toEqual([path, got.status, 0]);
      if (got.status !== 200) continue;
      const { 'transfer-encoding': coding, ...rest } = headers;
      const length =
        coding === undefined ? {} : { 'content-length': headHeaders['content-length'] };
      expect(headHeaders).toEqual({ ...rest, ...length });
    }
  });

  it('B14 zips a folder, everything below it included', async () => {
    const answer = await place().ask({ path: '/old-folder/?zip=true' });
    expect([
      answer.status,
      answer.headers['content-type'],
      answer.headers['content-disposition'],
      answer.headers['content-length'],
    ]).toEqual([
      200,
      'application/zip',
      'attachment; filename="old-folder.zip"',
      framing(answer.body.length)['content-length'],
    ]);
    const archive = answer.body.toString('latin1');
    expect(archive.match(/sub\/b\.txt|a\.txt/g)).toEqual([
      // Each name stands with its file, and again in the directory.
      'a.txt',
      'sub/b.txt',
      'a.txt',
      'sub/b.txt',
    ]);
  });

  it('answers a file of no bytes', async () => {
    await place().around.plant({ 'empty.txt': { contentType: 'text/plain' } });
    for (const headers of [{}, { range: 'bytes=0-9' }] as Record<string, string>[]) {
      const answer = await place().ask({ path: '/empty.txt', headers });
      expect([answer.status, answer.headers['content-length'], answer.text]).toEqual([
        200,
        '0',
        '',
      ]);
    }
  });
});

onEveryStore('signing', {}, (place) => {
  const sign = async (question: { method?: string; path: string }) => {
    const answer = await place().ask(question);
    expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
    return answer.json() as { url: string; method?: string; headers?: Record<string, string> };
  };

  it.each([
    ['B15', '?url=true&expires=60', '60'],
    ['B15', '?url=true&expires=604800', '604800'],
    ['B16', '?url=true', '3600'],
  ])('%s gives a URL for %s that downloads from storage', async (_, query, expires) => {
    const { url, ...rest } = await sign({ path: `${REPORT}${query}` });
    const { searchParams } = new URL(url);
    expect([rest, searchParams.get('X-Amz-Expires')]).toEqual([{}, expires]);
    const direct = await fetch(url);
    expect([direct.status, direct.headers.get('content-type')]).toEqual([200, 'application/pdf']);
    expect(Buffer.from(await direct.arrayBuffer()).equals(PDF)).toBe(true);
  });

  it.each(['abc', '0', '-1', '1.5', '604801', ''])('B17 refuses expires=%s', async (expires) => {
    const [status, reason, message] = await place().refused({
      path: `${REPORT}?url=true&expires=${expires}`,
    });
    expect([status, reason]).toEqual([400, 'invalid_parameter']);
    expect(message).toContain('"expires"');
  });

  it('signs nothing for what is not there, nor for a folder', async () => {
    expect((await place().refused({ path: '/nope.pdf?url=true' })).slice(0, 2)).toEqual([
      404,
      'not_found',
    ]);
    expect((await place().refused({ path: '/images/?url=true' })).slice(0, 2)).toEqual([
      400,
      'invalid_parameter',
    ]);
  });

  it('signs what nobody looked at by its name, and no URL shows what would run', async () => {
    await place().around.plant({ 'page.html': { body: '<script>', contentType: 'image/png' } });
    const headers = { 'Content-Type': 'text/html', 'X-File-Cache-Control': 'public, max-age=60' };
    await place().ask({ method: 'PUT', path: '/odd.png', headers, body: 'odd' });
    const asked = async (path: string) => {
      const answer = await fetch((await sign({ path })).url);
      const names = ['content-type', 'content-disposition', 'cache-control'];
      return [answer.status, ...names.map((name) => answer.headers.get(name))];
    };
    const cacheControl = 'private, no-cache, no-transform';
    expect([
      await asked(`${REPORT}?url=true&no_check=true`),
      await asked('/odd.png?url=true&no_check=true'),
      await asked('/page.html?url=true&no_check=true'),
      await asked('/odd.png?url=true&no_check=true&download=true'),
      (await asked('/nope.pdf?url=true&no_check=true'))[0],
    ]).toEqual([
      [200, 'application/pdf', 'inline; filename="report.pdf"', cacheControl],
      [200, 'image/png', 'inline; filename="odd.png"', cacheControl],
      [200, 'application/octet-stream', 'attachment; filename="page.html"', cacheControl],
      [200, 'image/png', 'attachment; filename="odd.png"', cacheControl],
      404,
    ]);
  });

  // Straight to storage where a signature holds everything, which Ceph's does not: there through the service.
  const upload = async ({ url, ...rest }: Awaited<ReturnType<typeof sign>>, body: string) => {
    const isLink = url.startsWith('/');
    expect(isLink).toBe(place().name === 'ceph');
    const absolute = new URL(url, `http://127.0.0.1:${place().service.port}`);
    return { isLink, status: (await fetch(absolute, { ...rest, body })).status };
  };

  it('gives a URL that uploads without any other credential', async () => {
    const signed = await sign({ method: 'PUT', path: '/up.txt?url=true' });
    const { isLink, status } = await upload(signed, 'straight');
    expect(status).toBe(isLink ? 201 : 200);
    expect(String(await place().around.bytes('up.txt'))).toBe('straight');
  });

  it('gives POST a URL that creates and never replaces', async () => {
    const signed = await sign({ method: 'POST', path: `${REPORT}?url=true` });
    const { isLink, status } = await upload(signed, 'other');
    expect(status).toBe(isLink ? 409 : 412);
    expect((await place().around.bytes('uploads/report.pdf'))?.equals(PDF)).toBe(true);
  });
});
