// Text from outside, for a terminal or a page: what would move the cursor, hide or turn text around is shown, not done.

const hidden = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Line breaks too: a row of a file stays on one line. */
export const visible = (text: string): string =>
  text.replace(hidden, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
