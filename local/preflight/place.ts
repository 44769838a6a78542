/** Where is looked, and as whom. */
export type Place = { region: string; profile?: string | undefined };

/** `aws …` with the region and profile that were looked at. */
export const awsCommand = (text: string, { region, profile }: Place): string =>
  [`aws ${text}`, `--region ${region}`, ...(profile === undefined ? [] : [`--profile ${profile}`])].join(' ');
