/**
 * `blocks`: the deployment fails, or no experiment of the default profile can finish. `degrades`: jobs wait, or something is slower than configured.
 * `note`: good to know, or done by itself. `unchecked`: AWS could not be asked.
 */
export const SEVERITIES = ['blocks', 'degrades', 'unchecked', 'note', 'ok'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What a check found; `todo` are commands and addresses that mend it, most direct first. */
export type Finding = { severity: Severity; says: string; todo: readonly string[] };

export const finding = (severity: Severity, says: string, ...todo: readonly string[]): Finding => ({ severity, says, todo });
