// The end of an exhaustive switch: the compiler finds a missing case, and data from elsewhere fails loudly.

export function assertNever(value: never): never {
  throw new TypeError(`unexpected value: ${JSON.stringify(value)}`);
}
