export interface LogEvent {
  timestamp: number;
  message: string;
}

/** PutLogEvents' limits: 10,000 events, 1,048,576 bytes with 26 bytes of overhead an event, 24 hours. */
const MOST_EVENTS = 10_000;
const MOST_BYTES = 1_048_576;
const OVERHEAD_BYTES = 26;
const MOST_SPAN_MS = 24 * 3600 * 1000;

/** How many of the first events fit one PutLogEvents call. */
export function batchSize(events: readonly LogEvent[]): number {
  let bytes = 0;
  const first = events[0]?.timestamp ?? 0;
  for (const [index, { message, timestamp }] of events.entries()) {
    bytes += Buffer.byteLength(message) + OVERHEAD_BYTES;
    if (index === MOST_EVENTS || bytes > MOST_BYTES || timestamp - first >= MOST_SPAN_MS) return Math.max(1, index);
  }
  return events.length;
}
