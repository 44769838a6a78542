/** What a Dockerfile's stages stand on: the image of every `FROM name:version AS alias`, by alias. */
export const basesOf = (dockerfile: string): Record<string, string> =>
  Object.fromEntries([...dockerfile.matchAll(/^FROM (\S+:\S+) AS (\S+)$/gm)].map(([, image = '', alias = '']) => [alias, image]));
