// Text from outside as data: what a terminal, a browser or a reader's eye would take for something else becomes visible.

/**
 * Control characters, invisible and direction-changing ones, separators of lines, halves of characters. Written as escapes
 * they take room, so widths are right as well.
 */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

function escape(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (character === '\n') return '\\n';
  if (character === '\t') return '\\t';
  if (character === '\r') return '\\r';
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** One line. */
export const visible = (text: string): string => text.replace(hidden, escape);

/** The same JSON in other words: a terminal shows it as it is. */
export const visibleJson = (json: string): string =>
  json.replace(hidden, (character) =>
    character === '\n'
      ? character
      : Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
          .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
          .join(''),
  );

/**
 * Text that Markdown must not interpret, as code: neither links, addresses that become links, HTML nor emphasis work there.
 * A fence is one backtick longer than any run in the text.
 */
export function inCode(text: string): string {
  const plain = visible(text);
  if (plain.trim() === '') return '';
  const longest = Math.max(0, ...[...plain.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const room = longest > 0 ? ' ' : '';
  return `${fence}${room}${plain}${room}${fence}`;
}

/** In a cell of a table a bar ends the cell, in code too. */
export const inCodeCell = (text: string): string => inCode(text).replaceAll('|', '\\|');
