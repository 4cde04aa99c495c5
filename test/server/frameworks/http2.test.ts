// The contract's cases with the service in a framework: HTTP/2.
import { FRAMEWORKS } from '../../support/frameworks.ts';
import { standIn } from '../../support/service.ts';

standIn(FRAMEWORKS['HTTP/2'] ?? fail());
await import('./cases.ts');

function fail(): never {
  throw new Error('no such framework');
}
