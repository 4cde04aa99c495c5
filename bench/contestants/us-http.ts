import { listen } from './listen.ts';
import { s3files, service } from './us.ts';

const { BENCH_CACHED, BENCH_RESUMABLE } = process.env;

listen(
  service({
    ...(BENCH_CACHED === '1' ? { cache: s3files.memoryCache(), cacheTtl: 60 } : {}),
    ...(BENCH_RESUMABLE === '1' ? { resumable: true } : {}),
  }),
);
