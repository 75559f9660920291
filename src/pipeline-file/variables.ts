// ${NAME} and ${NAME:-default} in the values of a pipeline file. Values never reach a message: they may be secrets.

export type Variables = Readonly<Record<string, string | undefined>>;

/** Why a variable that has no value here is not looked up elsewhere; then a default does not stand in for it. */
export type Withhold = (name: string) => VariableProblem | undefined;

export type VariableProblem = { readonly problem: string; readonly remedy: string };

export type Substituted = { readonly text: string; readonly problems: readonly VariableProblem[] };

const reference = /\$\$\{|\$\{([^}]*)(\}?)/g;
const inside = /^([A-Za-z_]\w*)(?::-([^]*))?$/;

const malformed: VariableProblem = {
  problem: '{value} holds a ${ that is no variable',
  remedy: 'Write ${NAME} or ${NAME:-default}; $${ stands for the two characters themselves.',
};

/** Text with its variables replaced. An empty variable counts as undefined: an empty RAW would read from the root. */
export function substitute(text: string, variables: Variables, withhold?: Withhold): Substituted {
  const problems: VariableProblem[] = [];
  const result = text.replace(reference, (whole, body: string | undefined, end: string | undefined) => {
    if (body === undefined) return '${';
    const match = end === '}' ? inside.exec(body) : null;
    const name = match?.[1];
    if (name === undefined) {
      problems.push(malformed);
      return whole;
    }
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    const withheld = value === undefined ? withhold?.(name) : undefined;
    if (withheld !== undefined) {
      problems.push(withheld);
      return whole;
    }
    const chosen = value === undefined || value === '' ? match?.[2] : value;
    if (chosen !== undefined) return chosen;
    problems.push({
      problem: `the variable ${name} is ${value === '' ? 'empty' : 'not set'}`,
      remedy: `Pass --set ${name}=…, set it in the environment, or give a default: \${${name}:-…}.`,
    });
    return whole;
  });
  return { text: result, problems };
}

const secrets =
  /secret|token|passw|credential|(^|_)(pass|pwd|auth|dsn)(_|$)|(api|access|private|signing|encryption|ssh)_?key|database_url|connection_?str/i;

/** Values of variables stand in the history of a run for whoever may read it. */
export const looksSecret = (name: string): boolean => secrets.test(name) && name !== 'PWD';

/** Names in a text, in the order of their first use. */
export function variablesIn(text: string): readonly string[] {
  const names = [...text.matchAll(reference)].flatMap(([, body, end]) =>
    end === '}' ? (inside.exec(body ?? '')?.[1] ?? []) : [],
  );
  return [...new Set(names)];
}
