import { setFlagsFromString } from 'node:v8';

// V8's young generation stays at the 1 MB it begins with, where it would grow to 16 and keep them: for objects that live for a turn. One
// thread looks through so little sooner than it finds others to help. Of the flags for that these alone still count once a process runs, and
// so for whoever gives `node` none; but only for what is loaded later.
setFlagsFromString('--semi-space-growth-factor=1');
setFlagsFromString('--no-parallel-scavenge');
await import('./main.ts');
