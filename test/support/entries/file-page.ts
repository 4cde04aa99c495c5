// The page alone in its process, at `/files/`: configured by the environment.
import { createServer } from 'node:http';
import express from 'express';
import { allowAll, configureServer, createFileService } from '../../../src/index.ts';
import type { FileServiceConfig } from '../../../src/index.ts';
import { filePage } from '../../../src/server/page/file-page.ts';
import { reportToParent } from '../child-harness.ts';

// What startServiceChild wrote.
const config = JSON.parse(process.env.FILE_SERVICE ?? '') as Omit<FileServiceConfig, 'authorize'>;
const files = createFileService({ ...config, authorize: allowAll });
const app = express().use('/files', filePage(files));
reportToParent(configureServer(createServer(app)).listen(0, '127.0.0.1'));
