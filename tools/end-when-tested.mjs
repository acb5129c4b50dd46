// Preloaded into every test process: native threads of WebRTC outlive their last connection and would keep the process, and the gate,
// waiting. A file is done when its tests are. Node's own --test-force-exit cuts off the reporter too.
import { after } from 'node:test';

const FLUSH_MS = 1000;

if (process.env.NODE_TEST_CONTEXT !== undefined) after(() => setTimeout(() => process.exit(), FLUSH_MS).unref());
