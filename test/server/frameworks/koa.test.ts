// The contract's cases with the service in a framework: Koa.
import { FRAMEWORKS } from '../../support/frameworks.ts';
import { standIn } from '../../support/service.ts';

standIn(FRAMEWORKS['Koa'] ?? fail());
await import('./cases.ts');

function fail(): never {
  throw new Error('no such framework');
}
