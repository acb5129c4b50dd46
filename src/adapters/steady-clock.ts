/** A step larger than this is a clock that was set, or a machine that slept: then the wall clock is right. */
const STEP_MS = 2_000;

/**
 * Whole milliseconds since 1970 that never run backwards by a little: round trips are measured with them, and a step back of 50 ms would
 * stay a circuit's least round trip for as long as it lives.
 */
export function steadyClock(): () => number {
  let offsetMs = Date.now() - performance.now();
  return () => {
    const wallMs = Date.now();
    const steadyMs = performance.now() + offsetMs;
    if (Math.abs(wallMs - steadyMs) < STEP_MS) return Math.floor(steadyMs);
    offsetMs = wallMs - performance.now();
    return wallMs;
  };
}
