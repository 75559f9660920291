// Errors as EMR answers them. The older operations, of job flows, know ValidationException; those of clusters InvalidRequestException.
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly type: string;
  readonly status: number;

  constructor(type: string, message: string, status = 400) {
    super(message);
    this.type = type;
    this.status = status;
  }

  /** Only this one has a modelled shape with capital letters. */
  body(): string {
    const { type, message } = this;
    return JSON.stringify(
      type === 'InvalidRequestException'
        ? { __type: type, ErrorCode: type, Message: message }
        : { __type: type, message },
    );
  }
}

export const invalidRequest = (message: string): ApiError => new ApiError('InvalidRequestException', message);
export const validation = (message: string): ApiError => new ApiError('ValidationException', message);

export const unknownCluster = (id: string | undefined): ApiError => invalidRequest(`Cluster id '${id}' is not valid.`);
export const unknownJobFlow = (): ApiError => validation('Specified job flow ID not valid.');
export const unknownStep = (id: string | undefined): ApiError => invalidRequest(`Step id '${id}' is not valid.`);
export const flowEnded = (): ApiError =>
  validation('A job flow that is shutting down, terminated, or finished may not be modified.');
