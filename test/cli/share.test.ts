// `share` on every store: a signed URL past a service, a link of a service through one. Asked in this process; the installed command is asked in `test/package/installed.test.ts`.
import { askShare } from './cases/share.ts';
import { s3files } from './run.ts';

askShare(s3files);
