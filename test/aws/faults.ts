// A proxy in front of an S3 server that does to requests what networks and S3 do: answers of its own, lost connections,
// lost answers, bodies cut or damaged. It also counts, and may drop a header as a server does that does not know it.
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { buffer } from 'node:stream/consumers';

/** `cut` before the server hears of it, `lost` after its work, `half` in the middle of its answer, `flip` a byte of the body. */
export type Fault = '409' | '500' | '503' | 'cut' | 'lost' | 'half' | 'flip';

const answers = {
  '409': 'ConditionalRequestConflict',
  '500': 'InternalError',
  '503': 'SlowDown',
} as const;

export type Faults = {
  readonly endpoint: string;
  /** For the next request. */
  readonly next: (fault: Fault) => void;
  readonly always: (fault: Fault | undefined) => void;
  /** Faults that no request has met. */
  readonly left: () => number;
  /** Requests so far. */
  readonly count: () => number;
  readonly stop: () => Promise<void>;
};

export async function startFaults(
  server: string,
  { drop, latencyMs = 0 }: { readonly drop?: string; readonly latencyMs?: number } = {},
): Promise<Faults> {
  const waiting: Fault[] = [];
  let constant: Fault | undefined;
  let requests = 0;

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    requests += 1;
    const fault = waiting.shift() ?? constant;
    const body = await buffer(incoming);
    if (latencyMs > 0) await delay(latencyMs);
    if (fault === 'cut') {
      incoming.socket.destroy();
      return;
    }
    if (fault === '409' || fault === '500' || fault === '503') {
      outgoing.writeHead(Number(fault), { 'content-type': 'application/xml' });
      const text = `<?xml version="1.0"?><Error><Code>${answers[fault]}</Code><Message>made here</Message></Error>`;
      outgoing.end(incoming.method === 'HEAD' ? undefined : text);
      return;
    }
    if (fault === 'flip') body[body.indexOf('content')] = 0;
    const headers = Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => name !== drop));
    const onward = request(new URL(incoming.url ?? '/', server), { method: incoming.method, headers });
    onward.end(body);
    const [answer]: IncomingMessage[] = await once(onward, 'response');
    if (answer === undefined) throw new Error('no answer');
    const content = await buffer(answer);
    if (fault === 'lost') {
      incoming.socket.destroy();
      return;
    }
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
    if (fault === 'half') {
      outgoing.write(content.subarray(0, content.length / 2), () => incoming.socket.destroy());
      return;
    }
    outgoing.end(content);
  }

  const proxy = createServer((incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    next: (fault) => waiting.push(fault),
    always: (fault) => {
      constant = fault;
    },
    left: () => waiting.length,
    count: () => requests,
    stop: async () => {
      proxy.close();
      proxy.closeAllConnections();
      await once(proxy, 'close');
    },
  };
}
