// Each way to start wrongly: `check` has one finding about it, which says what to do, and an exit code. Asked in this process; the installed command is asked in `test/package/installed.test.ts`.
import { askWrongStarts } from './cases/wrong-starts.ts';
import { s3files } from './run.ts';

askWrongStarts(s3files);
