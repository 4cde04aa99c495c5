// The service alone in its process: configured by the environment, closed and swept by messages.
import { createServer } from 'node:http';
import express from 'express';
import { allowAll, configureServer, createFileService } from '../../../src/index.ts';
import type { FileServiceConfig } from '../../../src/index.ts';
import { onParent, reportToParent, tellParent } from '../child-harness.ts';

// What startServiceChild wrote.
const config = JSON.parse(process.env.FILE_SERVICE ?? '') as Omit<FileServiceConfig, 'authorize'>;
let audited = 0;
const files = createFileService({
  ...config,
  authorize: allowAll,
  audit: () => void (audited += 1),
});

onParent((value) => {
  const asked = value as { close?: number; sweep?: boolean; audited?: boolean };
  const answer = async (): Promise<unknown> => {
    if (asked.audited === true) return { audited };
    if (asked.sweep === true) return { swept: await files.sweep({ olderThanSeconds: 0 }) };
    await files.close({ graceMs: asked.close ?? 0 });
    return { closed: true };
  };
  void answer().then(tellParent);
});
const app = express().use('/api/v2/s3files', files);
reportToParent(configureServer(createServer(app)).listen(0, '127.0.0.1'));
