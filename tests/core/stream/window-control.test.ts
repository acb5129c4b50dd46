import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WindowControl } from '../../../src/core/stream/window-control.ts';

/** Rounds of full windows with one round trip each. */
function rounds(control: WindowControl, count: number, roundTripMs: number, full = true): void {
  for (let i = 0; i < count; i++) {
    const cells = control.windowCells;
    total += cells;
    nowMs += roundTripMs;
    for (const part of [cells / 2, cells])
      control.onAck({
        nowMs,
        roundTripMs,
        ackedCells: cells / 2,
        ackedTotal: total - cells + part,
        sentTotal: total,
        inFlightCells: full ? cells : 10,
      });
  }
}

/** A window of four parts, each with its round trip. */
function burst(control: WindowControl, roundTripsMs: readonly number[]): void {
  const cells = control.windowCells;
  const ackedCells = cells / roundTripsMs.length;
  const sentTotal = total + cells;
  nowMs += 200;
  for (const roundTripMs of roundTripsMs) {
    const inFlightCells = sentTotal - total;
    total += ackedCells;
    control.onAck({ nowMs, roundTripMs, ackedCells, ackedTotal: total, sentTotal, inFlightCells });
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

  it('a burst on links that begin anew after a silence does not end the doubling', () => {
    const control = new WindowControl();
    rounds(control, 1, 200);
    control.onSilenceOver(total);
    burst(control, [300, 350, 390, 400]);
    rounds(control, 2, 200);
    assert.ok(control.windowCells > 500, `${control.windowCells} cells`);
  });

  it('a queue longer than the path does, on the same links', () => {
    const control = new WindowControl();
    control.onSilenceOver(total);
    burst(control, [200, 400, 600, 800]);
    const { windowCells } = control;
    rounds(control, 2, 600);
    assert.ok(control.windowCells <= windowCells, `${control.windowCells} cells`);
  });

  it('doubles again where it stopped for something that was no queue', () => {
    const control = new WindowControl();
    rounds(control, 1, 200);
    burst(control, [400, 400, 400, 400]);
    assert.ok(control.windowCells < 200, `${control.windowCells} cells`);
    rounds(control, 8, 200);
    assert.ok(control.windowCells > 2000, `${control.windowCells} cells`);
  });

  it('probes after ten seconds of full windows, and not after a pause', () => {
    const control = new WindowControl();
    rounds(control, 3, 200);
    rounds(control, 60, 200 + 60); // a queue that it wants
    const least = (count: number, full?: boolean): number => {
      let cells = Number.POSITIVE_INFINITY;
      for (let i = 0; i < count; i++) {
        rounds(control, 1, 260, full);
        cells = Math.min(cells, control.windowCells);
      }
      return cells;
    };
    const full = control.windowCells;
    assert.ok(least(60) < 0.6 * full, `${full} cells`);
    rounds(control, 100, 260, false);
    assert.ok(least(30) > 0.8 * control.windowCells);
  });
});
