import { listen } from './listen.ts';
import { s3files, service } from './us.ts';

const cached = process.env.BENCH_CACHED === '1';

listen(service(cached ? { cache: s3files.memoryCache(), cacheTtl: 60 } : {}));
