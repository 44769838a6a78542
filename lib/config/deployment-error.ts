/** The deployment cannot be built as configured. The message says what, where, and what to change. */
export class DeploymentError extends Error {
  override readonly name = 'DeploymentError';

  constructor(problems: readonly string[]) {
    super(`The deployment cannot be built as configured:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}
