// Reporter for node:test: a line per file, failures in full with what the file printed, and the sums as JSON for the gate.
// JavaScript, as Node loads reporters without tsx.
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';

export default async function* report(events) {
  const sums = { passed: 0, failed: 0 };
  const files = new Map();
  const tested = new Set();
  let shown;
  for await (const { type, data } of events) {
    if (data.file === undefined) continue;
    const file = files.get(data.file) ?? emptyFile(data.file);
    files.set(data.file, file);
    if (type === 'test:stdout' || type === 'test:stderr') file.output += data.message;
    if (type === 'test:diagnostic') file.output += `${data.message}\n`;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    // Output of files that run at one time comes mixed; outcomes come file by file.
    if (shown !== undefined && shown !== file) {
      yield* closeFile(shown);
      files.delete(shown.path); // cases that several files share come again under the same name
    }
    shown = file;
    tested.add(relative(process.cwd(), data.file));
    const outcome = outcomeOf(type, data, file);
    if (data.nesting === 0) file.durationMs += data.details.duration_ms;
    if (outcome === undefined) continue;
    sums[outcome]++;
    file[outcome]++;
    if (outcome === 'failed') file.failures.push(describe(data));
  }
  if (shown !== undefined) yield* closeFile(shown);
  writeFileSync(process.env.TEST_SUMS, JSON.stringify({ ...sums, files: [...tested] }));
}

function emptyFile(path) {
  return { path, passed: 0, failed: 0, skipped: [], durationMs: 0, output: '', failures: [] };
}

/** Suites are no tests; a test with failed subtests was counted by them; a file that passes without any test tests nothing. */
function outcomeOf(type, data, file) {
  if (data.skip !== undefined || data.todo !== undefined) {
    file.skipped.push(typeof data.skip === 'string' ? `${data.name}: ${data.skip}` : data.name);
    return undefined;
  }
  if (type === 'test:fail') return data.details.error?.failureType === 'subtestsFailed' ? undefined : 'failed';
  if (data.details.type === 'suite') return undefined;
  return data.name === data.file ? 'failed' : 'passed';
}

function describe(data) {
  const error = data.details.error;
  const cause = error?.cause ?? error;
  const what = error === undefined ? 'the file holds no test' : (cause?.stack ?? error.message ?? String(cause));
  const name = data.name === data.file ? 'the whole file' : data.name;
  return `    ✗ ${name}\n${String(what).replace(/^/gm, '      ')}`;
}

function* closeFile(file) {
  const skipped = file.skipped.length === 0 ? '' : `, ${file.skipped.length} SKIPPED`;
  const failed = file.failed === 0 ? '' : `, ${file.failed} FAILED`;
  const name = relative(process.cwd(), file.path);
  yield `  ${file.failed === 0 ? '✓' : '✗'} ${name}: ${file.passed} passed${failed}${skipped} (${(file.durationMs / 1000).toFixed(1)} s)\n`;
  for (const skip of file.skipped) yield `    – skipped: ${skip}\n`;
  if (file.failed === 0) return;
  for (const failure of file.failures) yield `${failure}\n`;
  if (file.output !== '') yield `    it printed:\n${file.output.replace(/^/gm, '      ').trimEnd()}\n`;
}
