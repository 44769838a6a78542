export type Instruction = { name: string; argument: string };
/** A build stage: what it stands on, the name that others know it by, and what follows its FROM. */
export type BuildStage = { base: string; alias: string; instructions: Instruction[] };

/** The instructions of a Dockerfile: comments dropped, continued lines joined. */
export const readDockerfile = (text: string): Instruction[] =>
  text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [name = '', ...rest] = line.trim().split(/\s+/);
      return { name: name.toUpperCase(), argument: rest.join(' ') };
    });

/** The build stages in their order. */
export const buildStages = (instructions: readonly Instruction[]): BuildStage[] =>
  instructions.reduce<BuildStage[]>((stages, instruction) => {
    if (instruction.name === 'FROM') {
      const [, base = '', alias = ''] = /^(\S+)(?: AS (\S+))?$/i.exec(instruction.argument) ?? [];
      stages.push({ base, alias, instructions: [] });
    } else stages.at(-1)?.instructions.push(instruction);
    return stages;
  }, []);

/** Everything that happens in a stage, from the first instruction of what it stands on to its own last one. `BASE` as given to the build. */
export const lineage = (stages: readonly BuildStage[], alias: string, base: string): Instruction[] => {
  const stage = stages.find((one) => one.alias === alias);
  if (!stage) return []; // an image from elsewhere
  return [...lineage(stages, stage.base === `\${BASE}` ? base : stage.base, base), ...stage.instructions];
};
