// The contract's cases with the service in a framework: Hono, fetch.
import { FRAMEWORKS } from '../../support/frameworks.ts';
import { standIn } from '../../support/service.ts';

standIn(FRAMEWORKS['Hono, fetch'] ?? fail());
await import('./cases.ts');

function fail(): never {
  throw new Error('no such framework');
}
