// The contract's cases with the service in a framework: HTTP/2.
import { FRAMEWORKS } from '../../support/frameworks.ts';
import { standIn } from '../../support/service.ts';

standIn(FRAMEWORKS['HTTP/2'] ?? fail());
await import('../../operations/cases-list.test.ts');
await import('../../operations/cases-read.test.ts');
await import('../../operations/cases-write.test.ts');
await import('../../operations/cases-folder.test.ts');
await import('../../operations/cases-delete.test.ts');

function fail(): never {
  throw new Error('no such framework');
}
