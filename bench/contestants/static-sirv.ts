import sirv from 'sirv';
import { files } from './environment.ts';
import { listen } from './listen.ts';

listen(sirv(files, { etag: true }));
