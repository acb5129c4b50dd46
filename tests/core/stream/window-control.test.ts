import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WindowControl } from '../../../src/core/stream/window-control.ts';

/** Rounds of full windows with one round trip each. */
function rounds(control: WindowControl, count: number, roundTripMs: number, limited = true): void {
  for (let i = 0; i < count; i++) {
    const cells = control.windowCells;
    total += cells;
    nowMs += roundTripMs;
    for (const part of [cells / 2, cells])
      control.onAck({ nowMs, roundTripMs, ackedCells: cells / 2, ackedTotal: total - cells + part, sentTotal: total, limited });
  }
}
let total = 0;
let nowMs = 0;

describe('WindowControl', () => {
  it('a round trip of 0 ms, once seen, does not make every later one a queue', () => {
    const control = new WindowControl();
    rounds(control, 1, 0);
    rounds(control, 50, 8);
    assert.ok(control.windowCells > 200, `${control.windowCells} cells`);
  });

  it('grows only while the window is what holds it back', () => {
    const control = new WindowControl();
    rounds(control, 50, 100, false);
    assert.equal(control.windowCells, 64);
  });

  it('stays within its bounds whatever the round trips', () => {
    const control = new WindowControl();
    rounds(control, 100, 100);
    assert.equal(control.windowCells, 4096);
    rounds(control, 100, 60_000);
    assert.equal(control.windowCells, 16);
  });
});
