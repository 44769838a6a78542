type Step = { name: string; says: string; files: string[]; extra?: string; present: () => boolean; run: () => Promise<void> };
export const ROOT: string;
export const step: (step: Step) => Promise<void>;
export const command: (argv: string[], options?: { cwd?: string; env?: Record<string, string | undefined> }) => Promise<string>;
