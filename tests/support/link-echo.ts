import { check, intact, numbered, numberOf, same, type TestEnd, until } from './link-suite.ts';

/** Sends every frame back on its circuit. */
export function echoOn(end: TestEnd): void {
  end.onFrame = (frame) => end.link.sendFrame(frame, 'relayed');
}

/** Sends so many cells to an end that echoes and checks what returns. The answer: megabytes a second, both ways counted once. */
export async function sendAndCheck(setup: { step(): Promise<void> }, end: TestEnd, frames: number): Promise<number> {
  await until(setup, () => end.opened.length > 0, 'the link opens');
  const startMs = Date.now();
  for (let i = 0; i < frames; i++) end.link.sendFrame(numbered(1, i), 'own');
  await until(setup, () => end.frames.length === frames, `${frames} frames return`);
  const megabytes = (frames * 4096) / 1e6;
  end.frames.forEach((frame, i) => {
    same(numberOf(frame), i, 'order');
    check(intact(frame), `frame ${i} is whole`);
  });
  return megabytes / Math.max(0.001, (Date.now() - startMs) / 1000);
}
