// Violations of the fixed part that are known and not mended yet. Empty is the aim; nothing else may be added without an issue.

/** By seed: the kinds of violation that its trial still finds. */
export const open: ReadonlyMap<number, readonly string[]> = new Map();
