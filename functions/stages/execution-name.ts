const EXECUTION_NAME = /^(exp_[0-9a-z]{26})-r([1-9][0-9]*)$/;

/** Reads experiment and run back from an execution's name; undefined for an execution that is not ours. */
export const parseExecutionName = (name: string): { experimentId: string; run: number } | undefined => {
  const match = EXECUTION_NAME.exec(name);
  return match?.[1] ? { experimentId: match[1], run: Number(match[2]) } : undefined;
};
