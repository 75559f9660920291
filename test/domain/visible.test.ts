import fc from 'fast-check';
import { inCode, inCodeCell, visible, visibleJson } from '../../src/domain/visible';

const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));

/** What a terminal acts on, or a reader cannot see. */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

describe('visible', () => {
  it.each([
    ['\u001B]52;c;aGk=\u0007', '\\x1b]52;c;aGk=\\x07'],
    ['\u001B[2J', '\\x1b[2J'],
    ['\u009B31m', '\\x9b31m'],
    ['a\rb', 'a\\rb'],
    ['invoice\u202Efdp.exe', 'invoice\\u202efdp.exe'],
    ['a\u200Bb\uFEFF', 'a\\u200bb\\ufeff'],
    ['\u3164\u2028', '\\u3164\\u2028'],
    ['\u{E0041}', '\\u{e0041}'],
    ['\uD800x', '\\ud800x'],
    ['Übermäßig 表 é', 'Übermäßig 表 é'],
  ])('shows %j', (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it('leaves nothing hidden in any text, and plain text as it is', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(hidden.test(visible(text))).toBe(false);
        expect(visible(text) === text).toBe(!hidden.test(text));
      }),
    );
  });

  it('keeps any JSON the same value', () => {
    fc.assert(
      fc.property(fc.array(anyText), (value) => {
        const json = visibleJson(JSON.stringify(value, null, 2));
        expect(hidden.test(json.replaceAll('\n', ''))).toBe(false);
        expect(JSON.parse(json)).toEqual(value);
      }),
    );
  });
});

describe('in a sheet', () => {
  it.each([
    ['[pay](https://evil.example)', '`[pay](https://evil.example)`'],
    ['<img src=x onerror=y>', '`<img src=x onerror=y>`'],
    ['a`b``c', '``` a`b``c ```'],
    ['x\n# y', '`x\\n# y`'],
    [' ', ''],
  ])('%j is code', (text, code) => {
    expect(inCode(text)).toBe(code);
  });

  it('stays in one cell', () => {
    expect(inCodeCell('a|b')).toBe('`a\\|b`');
  });

  it('ends no fence of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('`', ' ', 'a', '\\', '|') }), (text) => {
        const code = inCode(text);
        const fence = /^`*/.exec(code)?.[0] ?? '';
        const inner = code.slice(fence.length, code.length - fence.length);
        expect([...inner.matchAll(/`+/g)].every(([run]) => run.length < fence.length)).toBe(true);
      }),
    );
  });
});
