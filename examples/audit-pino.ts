// Writes audit records with pino: refusals as warnings, faults as errors.
import pino from 'pino';
import { createFileService, roles, type AuditEvent } from '../src/index.ts';

const levelOf = ({ status, complete }: AuditEvent): 'info' | 'warn' | 'error' => {
  if (status >= 500 || !complete) return 'error';
  return status >= 400 ? 'warn' : 'info';
};

/** An audit hook that hands each event to a pino logger. */
export const auditPino =
  (logger: Pick<pino.Logger, 'info' | 'warn' | 'error'>) =>
  (event: AuditEvent): void => {
    logger[levelOf(event)]({ audit: event }, `${event.verb} ${event.status}`);
  };

/** A service whose audit goes to standard output. */
export const makeService = () =>
  createFileService({
    bucket: 'acme-prod',
    region: 'eu-west-1',
    authorize: roles({ reader: [{ path: '**', allow: ['GET'] }] }),
    audit: auditPino(pino({ name: 'files' })),
  });
