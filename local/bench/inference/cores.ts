/** The server under test has a core of its own, whoever it is; load comes from the other. */
export const SERVER_CORE = 0;
export const GENERATOR_CORE = 1;

/** An argv that runs on one core alone. */
export const pinned = (core: number, argv: readonly string[]): [string, ...string[]] => [
  'taskset',
  '--cpu-list',
  String(core),
  ...argv,
];
