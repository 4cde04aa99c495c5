import express from 'express';
import { MOUNT } from './environment.ts';
import { listen } from './listen.ts';
import { s3files, service } from './us.ts';

const cached = process.env.BENCH_CACHED === '1';
const files = service(cached ? { cache: s3files.memoryCache(), cacheTtl: 60 } : {});

listen(express().use(MOUNT, files));
