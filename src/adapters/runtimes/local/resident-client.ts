// One connection to a resident Spark process: requests with answers, and events. Knows no files and starts no process.
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { z } from 'zod';
import { answerSchema, eventSchema, type ResidentEvent } from './resident-protocol';

/** The connection is gone; whether the last request was carried out is unknown. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
}

/** The resident answered that it will not do this; `type` says why. */
export class RequestRefusedError extends Error {
  override readonly name = 'RequestRefusedError';
  readonly type: string;

  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

type Waiting = { readonly resolve: (result: unknown) => void; readonly reject: (error: Error) => void };

export class ResidentClient {
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(event: ResidentEvent) => void>();
  #nextId = 1;
  #heardAt = Date.now();

  private constructor(socket: Socket) {
    this.#socket = socket;
    const lines = createInterface({ input: socket, crlfDelay: Infinity });
    lines.on('line', (line) => this.#receive(line));
    // It repeats the socket's errors as its own, and one that nobody hears would end this process.
    lines.on('error', () => socket.destroy());
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        for (const { reject } of this.#waiting.values()) reject(new ConnectionLostError('connection closed'));
        this.#waiting.clear();
        resolve();
      });
    });
    socket.on('error', () => socket.destroy());
  }

  static open(path: string): Promise<ResidentClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new ResidentClient(socket));
      });
    });
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  /** Milliseconds since the resident was last heard of. */
  get silenceMs(): number {
    return Date.now() - this.#heardAt;
  }

  /** Without a limit a request waits as long as the connection lives. */
  async request<T>(
    schema: z.ZodType<T>,
    message: { readonly op: string; readonly [field: string]: unknown },
    limitMs?: number,
  ): Promise<T> {
    if (!this.isOpen) throw new ConnectionLostError('connection closed');
    const id = this.#nextId;
    this.#nextId += 1;
    let timer: NodeJS.Timeout | undefined;
    try {
      const result = await new Promise<unknown>((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject });
        this.#socket.write(`${JSON.stringify({ id, ...message })}\n`);
        if (limitMs !== undefined) {
          timer = setTimeout(() => reject(new ConnectionLostError(`no answer within ${limitMs} ms`)), limitMs);
        }
      });
      return schema.parse(result);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  /** Hears every event until the returned function is called. */
  listen(listener: (event: ResidentEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #receive(line: string): void {
    this.#heardAt = Date.now();
    const message = parseLine(line);
    const event = eventSchema.safeParse(message);
    if (event.success) {
      for (const listener of this.#listeners) listener(event.data);
      return;
    }
    const answer = answerSchema.safeParse(message);
    // Neither event nor answer: the other side speaks another protocol, so nothing it says can be trusted.
    if (!answer.success) this.destroy();
    else if (answer.data.ok) this.#waiting.get(answer.data.id)?.resolve(answer.data.result);
    else {
      const { type, message: text } = answer.data.error;
      this.#waiting.get(answer.data.id)?.reject(new RequestRefusedError(type, text));
    }
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
