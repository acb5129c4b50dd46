import { isolationSuite } from './support/isolation-suite.ts';
import { LIVE_VECTORS } from './support/live-vectors.ts';

isolationSuite('firefox', { name: 'a hostile live service', isLive: true, vectors: LIVE_VECTORS });
