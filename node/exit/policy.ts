import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { PortRange } from '../../src/core/wire/exit.ts';
import { EXIT_POLICY_RANGES_MAX } from '../../src/core/wire/geometry.ts';
import { type IpRange, isInRange, isRangeRefused, isWithin } from '../../src/core/wire/public-ip.ts';
import { ipBytes } from '../ip.ts';

/** Web alone: what an exit opens when its owner says nothing. */
export const DEFAULT_POLICY = ['accept *:80', 'accept *:443'];

/** Where rules stand, for errors, and the lines there: rules such as `accept *:80`, several divided by commas; `#` begins a comment. */
export interface PolicySource {
  readonly where: string;
  readonly lines: readonly string[];
}

interface Rule {
  readonly accept: boolean;
  /** Any of them: `*` is both families. */
  readonly ranges: readonly IpRange[];
  readonly ports: PortRange;
}

const IPV4: IpRange = { ip: new Uint8Array(4), bits: 0 };
const IPV6: IpRange = { ip: new Uint8Array(16), bits: 0 };
const ANY: Record<string, readonly IpRange[]> = { '*': [IPV4, IPV6], '*4': [IPV4], '*6': [IPV6] };

/** Which addresses and ports an exit's owner allows: ordered rules, the first that fits decides, and what fits none is rejected. */
export class ExitPolicy {
  /** Ports at which it accepts some address; ascending, apart from each other. */
  readonly ports: readonly PortRange[];
  readonly #rules: readonly Rule[];

  /** @throws GlobalNetError `malformed`, with the line and what is wrong with it. */
  constructor(sources: readonly PolicySource[]) {
    this.#rules = sources.flatMap(({ where, lines }) => lines.flatMap((line, i) => rulesOf(line, `${where}, line ${i + 1}`)));
    this.ports = acceptedPorts(this.#rules);
    if (this.ports.length === 0)
      throw new GlobalNetError('malformed', "this policy accepts nothing: an exit needs a rule such as 'accept *:443'");
    if (this.ports.length > EXIT_POLICY_RANGES_MAX)
      throw new GlobalNetError(
        'malformed',
        `this policy accepts ${this.ports.length} separate ranges of ports: at most ${EXIT_POLICY_RANGES_MAX} can be published`,
      );
  }

  accepts(ip: Uint8Array, port: number): boolean {
    const rule = this.#rules.find(({ ports, ranges }) => holds(ports, port) && ranges.some((range) => isInRange(ip, range)));
    return rule?.accept ?? false;
  }

  /** Whether it accepts some address at this port. */
  mayAccept(port: number): boolean {
    return this.ports.some((range) => holds(range, port));
  }
}

/** Whether every rule of the text can be read. @throws GlobalNetError `malformed`. */
export function checkRules(text: string): void {
  rulesOf(text, '--policy');
}

function holds([first, last]: PortRange, port: number): boolean {
  return first <= port && port <= last;
}

function rulesOf(line: string, where: string): Rule[] {
  const texts = line
    .replace(/#.*/s, '')
    .split(',')
    .map((text) => text.trim());
  return texts.filter((text) => text !== '').map((text) => ruleOf(text, (problem) => wrong(where, text, problem)));
}

function wrong(where: string, rule: string, problem: string): never {
  throw new GlobalNetError('malformed', `${where}: '${rule}': ${problem}`);
}

function ruleOf(text: string, fail: (problem: string) => never): Rule {
  const [verb = '', target, ...rest] = text.split(/\s+/);
  const accept = /^accept$/i.test(verb);
  if (!accept && !/^reject$/i.test(verb)) return fail("a rule begins with 'accept' or 'reject'");
  if (target === undefined || rest.length > 0) return fail(`behind '${verb}' stands one <addresses>:<ports>, such as *:80`);
  const parts = /^(.+):([^:\]]*)$/.exec(target);
  if (parts === null) return fail('no port: write <addresses>:<port>, <addresses>:<first>-<last> or <addresses>:*');
  const ranges = rangesOf(parts[1] as string, fail);
  if (accept && ranges.every(isRangeRefused)) return fail(`an exit never opens a connection to ${parts[1]}, whatever its policy says`);
  return { accept, ranges, ports: portsOf(parts[2] as string, fail) };
}

function rangesOf(text: string, fail: (problem: string) => never): readonly IpRange[] {
  const any = ANY[text];
  if (any !== undefined) return any;
  const parts = /^(?:\[([^\]]*)\]|([^/[\]:]*))(?:\/(.*))?$/.exec(text);
  if (parts === null) return fail(`'${text}' is no address: IPv6 stands in brackets, such as [2001:db8::]/32`);
  const [, bracketed, plain, length] = parts;
  const address = bracketed ?? (plain as string);
  const ip = ipBytes(address);
  if (ip === undefined || (bracketed === undefined) !== (ip.length === 4))
    return fail(`'${address}' is neither an IP address nor *, *4 or *6; names are judged by the addresses they lead to`);
  const most = 8 * ip.length;
  if (length !== undefined && !(/^\d{1,3}$/.test(length) && Number(length) <= most))
    return fail(`behind '/' stands a number from 0 to ${most}, not '${length}'`);
  const range = { ip, bits: length === undefined ? most : Number(length) };
  if (!startsRange(range)) return fail(`${address} is not where a range of /${length} begins`);
  return [range];
}

/** No bit is set behind those that count: else the owner meant something else than what would be done. */
function startsRange({ ip, bits }: IpRange): boolean {
  return ip.every((byte, i) => (byte & (0xff >> Math.min(8, Math.max(0, bits - 8 * i)))) === 0);
}

function portsOf(text: string, fail: (problem: string) => never): PortRange {
  if (text === '*') return [1, 65535];
  const found = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const first = Number(found?.[1]);
  const last = Number(found?.[2] ?? found?.[1]);
  if (found === null || first < 1 || last > 65535 || first > last)
    return fail(`ports are *, a number from 1 to 65535, or two with '-' between, not '${text}'`);
  return [first, last];
}

/** Ports of which some rule accepts a range that no rule before it rejects as a whole. */
function acceptedPorts(rules: readonly Rule[]): PortRange[] {
  // Between two of these nothing changes.
  const edges = [...new Set(rules.flatMap(({ ports: [first, last] }) => [first, last + 1]))].sort((a, b) => a - b);
  const found: [number, number][] = [];
  edges.forEach((edge, i) => {
    if (!isAcceptedSomewhere(rules, edge)) return;
    const before = found.at(-1);
    const last = (edges[i + 1] ?? edge + 1) - 1;
    if (before?.[1] === edge - 1) before[1] = last;
    else found.push([edge, last]);
  });
  return found;
}

function isAcceptedSomewhere(rules: readonly Rule[], port: number): boolean {
  const rejected: IpRange[] = [];
  for (const { accept, ranges, ports } of rules) {
    if (!holds(ports, port)) continue;
    if (!accept) rejected.push(...ranges);
    else if (ranges.some((range) => !isRangeRefused(range) && !rejected.some((outer) => isWithin(range, outer)))) return true;
  }
  return false;
}
