// EMR's protocol, AWS JSON 1.1 over HTTP: reads a request, checks it by the model, serves it, and goes wrong where it was told to.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Account, Served, ServedName } from './account';
import type { Clock } from './clock';
import { ApiError } from './errors';
import { decode, encode, operationOf, type Operation } from './model';
import { servedNames } from './served-names';
import type { Switches } from './switches';

export type Call = {
  readonly operation: string;
  readonly at: Date;
  readonly parameters: unknown;
  /** `ok`, the type of the error, or that the answer was withheld. */
  outcome: string;
};

type Parts = { readonly account: Account; readonly switches: Switches; readonly clock: Clock; readonly calls: Call[] };

/** What is answered before any operation is looked at; true when it was. */
export type Aside = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

const targetPrefix = 'ElasticMapReduce.';
const operations = new Map(servedNames.map((name) => [name, found(operationOf(name), name)]));

export function createApiServer(parts: Parts, aside: Aside): Server {
  return createServer((request, response) => {
    // A client that has gone wants no answer.
    response.on('error', () => {});
    void answer(request, response, parts, aside).catch((error: unknown) => {
      if (!response.headersSent)
        send(response, 500, JSON.stringify({ __type: 'InternalFailure', message: String(error) }));
    });
  });
}

async function answer(request: IncomingMessage, response: ServerResponse, parts: Parts, aside: Aside): Promise<void> {
  if (await aside(request, response)) return;
  const text = await bodyOf(request);
  const target = String(request.headers['x-amz-target'] ?? '');
  const name = target.startsWith(targetPrefix) ? target.slice(targetPrefix.length) : target;
  const call: Call = { operation: name, at: new Date(parts.clock.now()), parameters: undefined, outcome: 'open' };
  parts.calls.push(call);
  try {
    checkSigned(request);
    const { switches } = parts;
    const slow = switches.take('slow', name);
    if (slow !== undefined) await delay(slow.ms);
    if (switches.take('throttle', name) !== undefined) throw new ApiError('ThrottlingException', 'Rate exceeded');
    const failure = switches.take('error', name);
    if (failure !== undefined) throw internal(failure.status ?? 500);
    const body = serve(name, text, call, parts);
    if (switches.take('lost-response', name) === undefined) send(response, 200, body);
    else request.socket.destroy();
    call.outcome = response.writableEnded ? 'ok' : 'response lost';
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    call.outcome = error.type;
    send(response, error.status, error.body());
  }
}

function serve(name: string, text: string, call: Call, { account, switches, clock }: Parts): string {
  if (!isServed(name)) {
    const isKnown = operationOf(name) !== undefined;
    throw new ApiError(
      'UnknownOperationException',
      isKnown ? `This emulator does not serve ${name}.` : `There is no operation '${name}'.`,
    );
  }
  const { input, output } = found(operations.get(name), name);
  const parameters = decode(input, parsed(text), name) as Served[typeof name][0];
  (call as { parameters: unknown }).parameters = parameters;
  const isRead = /^(?:Describe|List|Get)/.test(name);
  const age = isRead ? (switches.take('stale-reads', name)?.ms ?? 0) : 0;
  return JSON.stringify(encode(output, account.serve(name, parameters, clock.now() - age), name));
}

const isServed = (name: string): name is ServedName => operations.has(name as ServedName);

const internal = (status: 500 | 503): ApiError =>
  status === 500
    ? new ApiError('InternalFailure', 'The request processing has failed because of an unknown error.', 500)
    : new ApiError('ServiceUnavailable', 'The request has failed due to a temporary failure of the server.', 503);

/** Signatures are not computed: only that a request is signed, and for this service. */
function checkSigned({ headers }: IncomingMessage): void {
  const { authorization = '' } = headers;
  if (!authorization.startsWith('AWS4-HMAC-SHA256 ')) {
    throw new ApiError('MissingAuthenticationTokenException', 'Missing Authentication Token');
  }
  if (!/Credential=[^/]+\/\d{8}\/[^/]+\/elasticmapreduce\/aws4_request/.test(authorization)) {
    throw new ApiError('InvalidSignatureException', 'Credential should be scoped to the service elasticmapreduce.');
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '{}' : text);
  } catch {
    throw new ApiError('SerializationException', 'The request is not JSON.');
  }
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

export function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': crypto.randomUUID() });
  response.end(body);
}

function found(operation: Operation | undefined, name: string): Operation {
  if (operation === undefined) throw new Error(`the SDK has no operation ${name}`);
  return operation;
}
