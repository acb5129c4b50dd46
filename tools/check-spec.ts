/**
 * Holds the spec's tables and the code's constants together, both ways.
 *
 * In a spec page, a heading that names a constant in backticks opens the table of that constant's members; in any other table a
 * row names a constant itself. The first column is the name in backticks, the second its value, also in backticks when it is text.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './paths.ts';

export interface SpecRow {
  /** `FRAME.cell`, or `KEY_BYTES`. */
  readonly name: string;
  readonly value: string;
  readonly line: number;
}

const PAIRS = [
  { page: 'docs/spec/02-registry.md', module: 'src/core/wire/registry.ts' },
  { page: 'docs/spec/03-geometry.md', module: 'src/core/wire/geometry.ts' },
];

export async function checkSpec(): Promise<string[]> {
  const problems: string[] = [];
  for (const { page, module } of PAIRS) {
    const constants = constantsOf((await import(pathToFileURL(join(root, module)).href)) as Record<string, unknown>);
    problems.push(...compareSpec(page, readSpecRows(readFileSync(join(root, page), 'utf8')), module, constants));
  }
  return problems;
}

/** Exported numbers, texts and tables of them, by name; functions are not constants. */
export function constantsOf(exports: Record<string, unknown>): Map<string, string> {
  const constants = new Map<string, string>();
  for (const [name, value] of Object.entries(exports)) {
    if (typeof value === 'object' && value !== null) {
      for (const [member, inner] of Object.entries(value)) constants.set(`${name}.${member}`, String(inner));
    } else if (typeof value !== 'function') constants.set(name, String(value));
  }
  return constants;
}

export function readSpecRows(markdown: string): SpecRow[] {
  const rows: SpecRow[] = [];
  let table = '';
  markdown.split('\n').forEach((text, i) => {
    if (text.startsWith('#')) table = /`([A-Z][A-Z0-9_]*)`/.exec(text)?.[1] ?? '';
    const row = /^\|\s*`(\w+)`\s*\|\s*(`[^`]*`|[^|]*?)\s*\|/.exec(text);
    if (row === null) return;
    const name = row[1] as string;
    rows.push({ name: table === '' ? name : `${table}.${name}`, value: plainValue(row[2] as string), line: i + 1 });
  });
  return rows;
}

/** `0x0a` and `4,096` as the code prints them: 10, 4096. */
function plainValue(cell: string): string {
  if (cell.startsWith('`')) return cell.slice(1, -1);
  const number = Number(cell.replaceAll(',', ''));
  return Number.isNaN(number) ? cell : String(number);
}

export function compareSpec(page: string, rows: readonly SpecRow[], module: string, constants: ReadonlyMap<string, string>): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const { name, value, line } of rows) {
    const inCode = constants.get(name);
    if (seen.has(name)) problems.push(`${page}:${line} names ${name} a second time`);
    else if (inCode === undefined) problems.push(`${page}:${line} has ${name} = ${value}, which ${module} does not export`);
    else if (inCode !== value) problems.push(`${page}:${line} says ${name} = ${value}, but ${module} says ${inCode}`);
    seen.add(name);
  }
  for (const [name, value] of constants) if (!seen.has(name)) problems.push(`${page} lacks a row: ${missingRow(name, value)}`);
  return problems;
}

function missingRow(name: string, value: string): string {
  const [table, member] = name.split('.');
  const cell = Number.isNaN(Number(value)) ? `\`${value}\`` : value;
  return member === undefined ? `| \`${table}\` | ${cell} | … |` : `under the heading of \`${table}\`: | \`${member}\` | ${cell} | … |`;
}
