/** Just enough of TypeScript's grammar to tell code from comments, strings and templates. */

export interface ImportLine {
  readonly specifier: string;
  /** `import type`, `export type … from`: gone at run time. */
  readonly typeOnly: boolean;
  readonly line: number;
}

/** The source with comments blanked, and the insides of strings too when `strings` is false; line breaks stay, so lines still count. */
export function codeOf(source: string, strings: boolean): string {
  let out = '';
  /** Depth of braces at which each open `${` of a template ends. */
  const templates: number[] = [];
  let depth = 0;
  const blank = (text: string): string => text.replace(/[^\n]/g, ' ');
  for (let i = 0; i < source.length; ) {
    const rest = source.slice(i, i + 2);
    let end = i + 1;
    let hidden = false;
    if (rest === '//') {
      end = indexOr(source, '\n', i);
      hidden = true;
    } else if (rest === '/*') {
      end = indexOr(source, '*/', i + 2) + 2;
      hidden = true;
    } else if (source[i] === "'" || source[i] === '"') {
      end = quoteEnd(source, i);
      hidden = !strings;
    } else if (source[i] === '`' || (source[i] === '}' && templates.at(-1) === depth)) {
      if (source[i] === '}') templates.pop();
      end = templateEnd(source, i);
      if (source.slice(end - 2, end) === '${') templates.push(depth);
      hidden = !strings;
    } else if (source[i] === '/' && startsRegex(out)) {
      end = regexEnd(source, i);
      hidden = !strings;
    } else if (source[i] === '{') depth++;
    else if (source[i] === '}') depth--;
    const text = source.slice(i, end);
    out += hidden ? blank(text) : text;
    i = Math.max(end, i + 1);
  }
  return out;
}

/** Every module that a source names: static, re-exported, dynamic, and as `new URL('./x.ts', import.meta.url)`, how workers are named. */
export function importsOf(source: string): ImportLine[] {
  const code = codeOf(source, true);
  const found: ImportLine[] = [];
  const add = (pattern: RegExp, read: (match: RegExpExecArray) => { specifier: string; typeOnly: boolean }): void => {
    for (const match of code.matchAll(pattern)) found.push({ ...read(match), line: code.slice(0, match.index).split('\n').length });
  };
  add(/^[ \t]*(import|export)\s+(type\s)?[^'"`;()=]*?\sfrom\s*['"]([^'"]+)['"]/gm, ([, , type, specifier]) => ({
    specifier: specifier as string,
    typeOnly: type !== undefined,
  }));
  add(/^[ \t]*import\s*['"]([^'"]+)['"]/gm, ([, specifier]) => ({ specifier: specifier as string, typeOnly: false }));
  add(/\bimport\s*\(\s*['"]([^'"]+)['"]/g, ([, specifier]) => ({ specifier: specifier as string, typeOnly: false }));
  add(/new URL\(\s*['"](\.[^'"]+\.[mc]?[jt]s)['"]\s*,\s*import\.meta\.url/g, ([, specifier]) => ({
    specifier: specifier as string,
    typeOnly: false,
  }));
  return found.sort((a, b) => a.line - b.line);
}

function indexOr(source: string, text: string, from: number): number {
  const at = source.indexOf(text, from);
  return at === -1 ? source.length : at;
}

function quoteEnd(source: string, start: number): number {
  for (let i = start + 1; i < source.length; i++) {
    if (source[i] === '\\') i++;
    else if (source[i] === source[start] || source[i] === '\n') return i + 1;
  }
  return source.length;
}

/** Behind the closing backtick, or behind the next `${`. */
function templateEnd(source: string, start: number): number {
  for (let i = start + 1; i < source.length; i++) {
    if (source[i] === '\\') i++;
    else if (source[i] === '`') return i + 1;
    else if (source[i] === '$' && source[i + 1] === '{') return i + 2;
  }
  return source.length;
}

/** A slash divides behind a value, and begins a regular expression elsewhere. */
function startsRegex(before: string): boolean {
  const text = before.slice(-40).trimEnd();
  return text === '' || /[=(,:;!&|?{}[+\-*%<>~^]$|\b(return|typeof|case|of|in|yield|await)$/.test(text);
}

function regexEnd(source: string, start: number): number {
  let inClass = false;
  for (let i = start + 1; i < source.length && source[i] !== '\n'; i++) {
    if (source[i] === '\\') i++;
    else if (source[i] === '[') inClass = true;
    else if (source[i] === ']') inClass = false;
    else if (source[i] === '/' && !inClass) return i + 1;
  }
  return start + 1;
}
