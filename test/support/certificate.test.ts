import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { makeCertificate } from './certificate.ts';

describe('a certificate', () => {
  it('is for its hosts and addresses, and its own authority', () => {
    const certificate = new X509Certificate(makeCertificate(['a.example', '127.0.0.1']).cert);
    expect([
      certificate.checkHost('a.example'),
      certificate.checkIP('127.0.0.1'),
      certificate.checkHost('b.example'),
      certificate.ca,
      certificate.verify(certificate.publicKey),
    ]).toEqual(['a.example', '127.0.0.1', undefined, true, true]);
  });

  it('is valid as long as it is told', () => {
    const [from, until] = [new Date('2020-01-01T00:00:00Z'), new Date('2020-01-02T00:00:00Z')];
    const certificate = new X509Certificate(makeCertificate(['a'], { from, until }).cert);
    expect([new Date(certificate.validFrom), new Date(certificate.validTo)]).toEqual([from, until]);
  });

  // OpenSSL takes no empty line, which a text whose length is a multiple of 64 would end with.
  it('has no empty line, however long its names make it', () => {
    for (let length = 1; length <= 48; length += 1)
      expect(makeCertificate(['a'.repeat(length)]).cert).not.toContain('\n\n');
  });

  it.each([
    ['is taken by who trusts it', ['127.0.0.1'], true],
    ['is not taken for another address', ['127.0.0.2'], false],
  ] as const)('%s', async (_, hosts, taken) => {
    const pair = makeCertificate(hosts);
    const server = createServer(pair, (_, res) => res.end('hello')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    // A server that listens on a port has an AddressInfo.
    const { port } = server.address() as AddressInfo;
    const sent = request({ host: '127.0.0.1', port, ca: pair.cert, agent: false }).end();
    const outcome = await Promise.race([
      once(sent, 'response').then(() => true),
      once(sent, 'error').then(() => false),
    ]).catch(() => false);
    expect(outcome).toBe(taken);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});
