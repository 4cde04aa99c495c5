// Makes a span of each request from its audit event, with any tracer of OpenTelemetry's shape:
// `traceRequests(trace.getTracer('files'))` of @opentelemetry/api fits.
import type { Audit, AuditEvent } from '../src/index.ts';

/** What is used of a span. */
export interface SpanLike {
  setStatus(status: { code: number; message?: string }): unknown;
  end(endTimeMs: number): void;
}

/** What is used of a tracer. */
export interface TracerLike {
  startSpan(
    name: string,
    options: {
      kind: number;
      startTime: number;
      attributes: Record<string, string | number | boolean>;
    },
  ): SpanLike;
}

// SpanKind.SERVER and SpanStatusCode.ERROR of @opentelemetry/api.
const SERVER = 1;
const ERROR = 2;

// The names are OpenTelemetry's semantic conventions for HTTP; a path is no label, it names people's
// files, so it stays out.
const attributesOf = (event: AuditEvent): Record<string, string | number | boolean> => ({
  'http.request.method': event.verb,
  'http.response.status_code': event.status,
  'http.request.body.size': event.bytesIn,
  'http.response.body.size': event.bytesOut,
  's3files.operation': event.operation ?? 'none',
  's3files.storage_calls': event.storageCalls,
  's3files.complete': event.complete,
  's3files.request_id': event.id,
});

/** An audit hook that ends a span for each request, with the times that the request had. */
export const traceRequests =
  (tracer: TracerLike): Audit =>
  (event) => {
    const startTime = Date.parse(event.time);
    const attributes = attributesOf(event);
    const span = tracer.startSpan(event.operation ?? event.verb, {
      kind: SERVER,
      startTime,
      attributes,
    });
    if (event.status >= 500 || !event.complete) {
      span.setStatus({ code: ERROR, message: event.reason ?? 'incomplete' });
    }
    span.end(startTime + event.durationMs);
  };
