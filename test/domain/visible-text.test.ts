import { visible } from '../../src/domain/visible-text';

test.each([
  ['plain text', "Müller 買い物 'a' €", "Müller 買い物 'a' €"],
  ['a terminal escape', 'a\u001B]0;title\u0007', 'a\\u{1b}]0;title\\u{7}'],
  ['a line break and a tab', 'a\nb\tc', 'a\\u{a}b\\u{9}c'],
  ['text that is turned around', 'a\u202Eb\u2066', 'a\\u{202e}b\\u{2066}'],
  ['an escape of eight bits', '\u009B2J', '\\u{9b}2J'],
])('%s is shown', (_, text, shown) => {
  expect(visible(text)).toBe(shown);
});
