export type Instruction = { name: string; argument: string };

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

/** The instructions of each build stage, each list beginning with its FROM. */
export const buildStages = (instructions: readonly Instruction[]): Instruction[][] =>
  instructions.reduce<Instruction[][]>((stages, instruction) => {
    if (instruction.name === 'FROM') stages.push([]);
    stages.at(-1)?.push(instruction);
    return stages;
  }, []);
