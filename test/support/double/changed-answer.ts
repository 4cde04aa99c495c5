// The faults that change the answer of an operation that went well.
import type { Answer } from './answer.ts';
import { sliceContent } from './content.ts';
import type { Fault } from './faults.ts';

/** The answer of an operation that went well, as a fault changes it. */
export function changedByFault(answer: Answer, fault: Fault | undefined): Answer {
  const { body, headers } = answer;
  switch (fault?.kind) {
    case 'body-on-success':
      return { ...answer, body: fault.body ?? 'stored' };
    case 'unasked-304':
      return { status: 304, headers };
    case 'unasked-part': {
      if (body === undefined || typeof body === 'string') return answer;
      const end = Math.min(fault.bytes ?? 5, body.size);
      const range = { 'content-range': `bytes 0-${end - 1}/${body.size}` };
      return { status: 206, headers: { ...headers, ...range }, body: sliceContent(body, 0, end) };
    }
    default:
      return answer;
  }
}
