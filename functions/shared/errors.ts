import type { Problem } from './contracts/experiment-view.ts';

/** What was wrong with one field of a request. */
export type FieldProblem = NonNullable<Problem['errors']>[number];

/** Base of every error of ours: a literal name, a sentence for the reader, and the cause for the log. */
export abstract class SpotforgeError extends Error {
  abstract override readonly name: ErrorName;
  readonly errors: readonly FieldProblem[] = [];
}

export class EnvironmentInvalid extends SpotforgeError {
  override readonly name = 'EnvironmentInvalid';
  constructor(problems: readonly string[]) {
    super(`The function's environment is not what it declares. ${problems.join('; ')}`);
  }
}

export class MalformedJson extends SpotforgeError {
  override readonly name = 'MalformedJson';
}

export class MalformedIdempotencyKey extends SpotforgeError {
  override readonly name = 'MalformedIdempotencyKey';
  constructor() {
    super('The Idempotency-Key header must be 1 to 64 of A-Z, a-z, 0-9, _ and -.');
  }
}

export class Forbidden extends SpotforgeError {
  override readonly name = 'Forbidden';
}

export class ExperimentNotFound extends SpotforgeError {
  override readonly name = 'ExperimentNotFound';
  constructor() {
    super('There is no such experiment.');
  }
}

export class DatasetNotFound extends SpotforgeError {
  override readonly name = 'DatasetNotFound';
  constructor() {
    super('There is no such dataset.');
  }
}

export class DatasetVersionNotFound extends SpotforgeError {
  override readonly name = 'DatasetVersionNotFound';
  constructor() {
    super('The dataset has no such version.');
  }
}

/** A dataset's schema is what all its versions have in common; one that changed would leave them meaning different things. */
export class DatasetExists extends SpotforgeError {
  override readonly name = 'DatasetExists';
  constructor(dataset: string) {
    super(`There is a dataset ${dataset} with another schema, and a schema cannot be changed. Choose another name.`);
  }
}

export class RouteNotFound extends SpotforgeError {
  override readonly name = 'RouteNotFound';
  constructor(method: string, path: string) {
    super(`There is no ${method} ${path}. The routes are described in contracts/openapi.json.`);
  }
}

export class IdempotencyKeyReused extends SpotforgeError {
  override readonly name = 'IdempotencyKeyReused';
  constructor() {
    super('This Idempotency-Key was used with another body or experiment. Send the same request again, or use a new key.');
  }
}

export class ExperimentFinished extends SpotforgeError {
  override readonly name = 'ExperimentFinished';
  constructor(status: string) {
    super(`The experiment is ${status}: there is nothing left to cancel.`);
  }
}

export class ExperimentNotResumable extends SpotforgeError {
  override readonly name = 'ExperimentNotResumable';
  constructor(status: string, why: string) {
    super(`The experiment is ${status} and cannot be resumed: ${why}.`);
  }
}

/** What the experiment was pinned to at submit is no longer there. Names each difference. */
export class PinsChanged extends SpotforgeError {
  override readonly name = 'PinsChanged';
  override readonly errors: readonly FieldProblem[];
  constructor(differences: readonly (FieldProblem & { found: string })[]) {
    const listed = differences.map(({ field, expected, found }) => `${field}: expected ${expected}; found ${found}`);
    super(`The experiment cannot go on with what it was pinned to when it was submitted. ${listed.join('. ')}`);
    this.errors = differences;
  }
}

export class BodyTooLarge extends SpotforgeError {
  override readonly name = 'BodyTooLarge';
  constructor(bytes: number, limit: number) {
    super(`The body has ${bytes} bytes; at most ${limit} are accepted.`);
  }
}

export class UnsupportedMediaType extends SpotforgeError {
  override readonly name = 'UnsupportedMediaType';
  constructor(received: string | undefined) {
    super(`The body must come as Content-Type: application/json, not ${received ?? 'without a content type'}.`);
  }
}

/** A well-formed request that asks for something impossible. Names every field at once. */
export class InvalidRequest extends SpotforgeError {
  override readonly name = 'InvalidRequest';
  override readonly errors: readonly FieldProblem[];
  constructor(errors: readonly FieldProblem[]) {
    super(errors.map(({ field, expected }) => `${field}: ${expected}`).join('; '));
    this.errors = errors;
  }
}

/** A status that may not follow another one. Somebody else was faster, or the caller is wrong; nothing was written. */
export class IllegalTransition extends SpotforgeError {
  override readonly name = 'IllegalTransition';
  constructor(from: string, to: string) {
    super(`An experiment that is ${from} cannot become ${to}.`);
  }
}

/** An item changed between reading and writing it; nothing was written. Read again and decide again. */
export class ConcurrentChange extends SpotforgeError {
  override readonly name = 'ConcurrentChange';
  constructor(id: string, options?: ErrorOptions) {
    super(`${id} was changed by somebody else at the same time. Try again.`, options);
  }
}

/** An item of the table that newer code wrote. Guessing what it means would write nonsense back. */
export class ItemTooNew extends SpotforgeError {
  override readonly name = 'ItemTooNew';
  constructor(found: number, known: number) {
    super(
      `An item of the table has schemaVersion ${found}; this code knows ${known} and the one before. Deploy the version of Spotforge that wrote it, or a newer one.`,
    );
  }
}

/** An item that was left behind by two changes of layout. */
export class ItemTooOld extends SpotforgeError {
  override readonly name = 'ItemTooOld';
  constructor(found: number, known: number) {
    super(
      `An item of the table has schemaVersion ${found}; this code knows ${known} and the one before. Run \`npm run migrate\` of the version in between first.`,
    );
  }
}

/** Something AWS said that we did not expect; for the log, never for the reader. */
export class UnexpectedAnswer extends SpotforgeError {
  override readonly name = 'UnexpectedAnswer';
}

type Outcome = { status: number; title: string; retryAfterSeconds?: number };
type ErrorName = keyof typeof OUTCOMES;

/** The one table from errors to HTTP. The detail is the error's message, except where the inside would show: there it is `hidden`. */
export const OUTCOMES = {
  EnvironmentInvalid: { status: 500, title: 'Internal error' },
  UnexpectedAnswer: { status: 500, title: 'Internal error' },
  ItemTooNew: { status: 500, title: 'Internal error' },
  ItemTooOld: { status: 500, title: 'Internal error' },
  MalformedJson: { status: 400, title: 'Malformed JSON' },
  MalformedIdempotencyKey: { status: 400, title: 'Malformed Idempotency-Key' },
  Forbidden: { status: 403, title: 'Forbidden' },
  ExperimentNotFound: { status: 404, title: 'Experiment not found' },
  DatasetNotFound: { status: 404, title: 'Dataset not found' },
  DatasetVersionNotFound: { status: 404, title: 'Dataset version not found' },
  RouteNotFound: { status: 404, title: 'Route not found' },
  IdempotencyKeyReused: { status: 409, title: 'Idempotency-Key reused' },
  DatasetExists: { status: 409, title: 'Dataset exists' },
  ExperimentFinished: { status: 409, title: 'Experiment finished' },
  ExperimentNotResumable: { status: 409, title: 'Experiment not resumable' },
  PinsChanged: { status: 409, title: 'Pins changed' },
  IllegalTransition: { status: 409, title: 'Illegal transition' },
  BodyTooLarge: { status: 413, title: 'Body too large' },
  UnsupportedMediaType: { status: 415, title: 'Unsupported media type' },
  InvalidRequest: { status: 422, title: 'Invalid request' },
  ConcurrentChange: { status: 503, title: 'Try again', retryAfterSeconds: 1 },
} as const satisfies Record<string, Outcome>;
