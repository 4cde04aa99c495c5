// `ls`, `upload` and `download` on every store, past a service and through one. Asked in this process; the installed command is asked in `test/package/installed.test.ts`.
import { askFiles } from './cases/files.ts';
import { s3files } from './run.ts';

askFiles(s3files);
