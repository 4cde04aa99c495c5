// The transport that carries direct calls, asked everything that a transport has to hold.
import { openTransport } from '../../../../../src/storage/s3/wire/transport/open-transport.ts';
import { badAnswers, goodAnswers, surplusBytes } from './contract/answers.ts';
import { bodies } from './contract/bodies.ts';
import { flows, leftFlows } from './contract/flows.ts';
import { aborts, closing, ends, sockets } from './contract/sockets.ts';

for (const questions of [
  goodAnswers,
  badAnswers,
  surplusBytes,
  bodies,
  flows,
  leftFlows,
  sockets,
  ends,
  aborts,
  closing,
])
  questions(openTransport);
