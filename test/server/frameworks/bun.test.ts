// The contract's cases with the service in a framework: Bun, fetch.
import { it } from 'vitest';
import { FRAMEWORKS } from '../../support/frameworks.ts';
import { installed } from '../../support/programs.ts';
import { standIn } from '../../support/service.ts';

// Where it is not installed, the run says so at its end.
if (installed('runtimes')) {
  standIn(FRAMEWORKS['Bun, fetch'] ?? fail());
  await import('./cases.ts');
} else it.skip('runs in Bun');

function fail(): never {
  throw new Error('no such framework');
}
