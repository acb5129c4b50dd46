import { readingSuite } from './support/reading-suite.ts';

readingSuite('firefox');
