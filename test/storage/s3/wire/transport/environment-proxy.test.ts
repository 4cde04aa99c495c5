import { describe, expect, it } from 'vitest';
import { environmentProxy } from '../../../../../src/storage/s3/wire/transport/environment-proxy.ts';

const PROXY = 'http://proxy.example:3128';
const proxyOf = (origin: string, environment: Record<string, string>) =>
  environmentProxy(new URL(origin), environment)?.href;

describe('the proxy of the environment', () => {
  it.each([
    ['http://s3.example', { HTTP_PROXY: PROXY }, `${PROXY}/`],
    ['http://s3.example', { HTTPS_PROXY: PROXY }, undefined],
    ['https://s3.example', { HTTPS_PROXY: PROXY }, `${PROXY}/`],
    ['https://s3.example', { https_proxy: PROXY, HTTPS_PROXY: 'http://other' }, `${PROXY}/`],
    ['https://s3.example', { https_proxy: '', HTTPS_PROXY: PROXY }, undefined],
    ['https://s3.example', { HTTPS_PROXY: 'proxy.example:3128' }, `${PROXY}/`],
    ['https://s3.example', {}, undefined],
  ])('for %s in %j is %s', (origin, environment, proxy) => {
    expect(proxyOf(origin, environment)).toBe(proxy);
  });

  it.each(['http://localhost:9000', 'http://127.0.0.1:9000', 'http://127.1.2.3', 'http://[::1]:1'])(
    'is none for %s, this machine itself',
    (origin) => {
      expect(proxyOf(origin, { HTTP_PROXY: PROXY })).toBeUndefined();
    },
  );

  it.each([
    ['*', false],
    ['s3.example', false],
    ['example', false],
    ['.example', false],
    ['*.example', false],
    ['S3.Example', false],
    ['a.test, s3.example', false],
    ['a.test s3.example', false],
    ['s3.example:9000', false],
    ['s3.example:9001', true],
    ['3.example', true],
    ['s3.example.org', true],
    ['', true],
  ])('with NO_PROXY %j is used: %s', (list, isUsed) => {
    const proxy = proxyOf('http://s3.example:9000', { HTTP_PROXY: PROXY, NO_PROXY: list });
    expect(proxy).toBe(isUsed ? `${PROXY}/` : undefined);
  });

  it.each(['socks5://proxy.example', 'http://', 'ftp://proxy.example'])('cannot be %s', (proxy) => {
    expect(() => proxyOf('https://s3.example', { HTTPS_PROXY: proxy })).toThrow(
      'HTTPS_PROXY must be the address of an HTTP proxy.',
    );
  });
});
