// The contract's cases with the service in a framework: NestJS, its module.
import { FRAMEWORKS } from '../../support/frameworks.ts';
import { standIn } from '../../support/service.ts';

standIn(FRAMEWORKS['NestJS, its module'] ?? fail());
await import('./cases.ts');

function fail(): never {
  throw new Error('no such framework');
}
