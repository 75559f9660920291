// Whatever the text: a pipeline, or a PipelineFileError whose issues can be shown.
import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { issuesOf, orders } from './support';

/** Issues that a person could not use; `issuesOf` lets every error but a PipelineFileError through. */
const unusable = (text: string): readonly string[] => {
  const lines = text.split(/\r\n|\r|\n/).length;
  return issuesOf(text)
    .filter(
      ({ line, column, problem, remedy }) =>
        line < 1 ||
        line > lines ||
        column < 1 ||
        problem === '' ||
        /\{value\}|\{suggest|undefined|\[object/.test(problem + remedy),
    )
    .map((issue) => JSON.stringify(issue));
};

test('any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(unusable(text)).toEqual([]);
    }),
  );
});

test('any YAML', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(unusable(stringify(value))).toEqual([]);
    }),
  );
});

test('a right file with one piece replaced', () => {
  const hooks = ['', '[]', '{}', '[a]', '{ a: b }', '*x', '&x y', '!t z', '|', '${X', '"', '0', '-', 'null', '~', '#'];
  const piece = fc.oneof(fc.constantFrom(...hooks), fc.string({ maxLength: 8 }));
  fc.assert(
    fc.property(fc.nat(orders.length), fc.nat(12), piece, (at, length, by) => {
      expect(unusable(orders.slice(0, at) + by + orders.slice(at + length))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
