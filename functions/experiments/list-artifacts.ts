import * as z from 'zod';
import { documentClient, s3Client } from '../shared/clients.ts';
import { type Clock, instantOf, systemClock } from '../shared/clock.ts';
import { type HttpAnswer, type HttpEvent, httpHandler } from '../shared/handlers.ts';
import { CALLER_VARIABLES, type ClaimNames } from '../shared/identity.ts';
import { cursorOf, limitOf, pageOf, parseQuery } from '../shared/page.ts';
import { identify } from '../shared/request.ts';
import { GET_URL_SECONDS } from '../shared/sign-get.ts';
import { type ArtifactReader, artifactReader } from './artifact-reader.ts';
import { artifactSources, type BucketNames } from './artifact-sources.ts';
import { type ExperimentReader, experimentReader } from './experiment-reader.ts';

export const environment = [
  ...(['TABLE_NAME', 'EXPERIMENTS_BUCKET', 'CHECKPOINTS_BUCKET', 'RELEASES_BUCKET', ...CALLER_VARIABLES] as const),
] as const;

const query = z.strictObject({
  limit: limitOf(100),
  cursor: cursorOf([z.string().regex(/^[0-3]$/), z.string().max(1024)]).optional(),
});

type Services = { reader: ExperimentReader; artifacts: ArtifactReader; buckets: BucketNames; clock: Clock; claims: ClaimNames };

/** `GET /v1/experiments/{id}/artifacts`: everything that its stages stored, each with a URL for fifteen minutes. */
export const listArtifacts = async (event: HttpEvent, services: Services): Promise<HttpAnswer> => {
  const { reader, artifacts, buckets, clock, claims } = services;
  const { tenant } = identify(event, claims);
  const { limit, cursor } = parseQuery(event, query);
  const sources = artifactSources(await reader.get(tenant, event.pathParameters?.id), buckets);
  const [source, name] = cursor ?? [];
  const after = source === undefined || name === undefined ? undefined : { source: Number(source), key: name };
  const found = await artifacts.list(sources, after, limit + 1);
  const page = pageOf(found, limit, ({ source, key }) => [String(source), key.slice(sources[source]?.prefix.length)]);

  const expiresAt = instantOf(new Date(clock.now().getTime() + GET_URL_SECONDS * 1000));
  const items = await Promise.all(
    page.items.flatMap(({ source, key, bytes }) => {
      const place = sources[source];
      if (!place) return [];
      const uri = `s3://${place.bucket}/${key}`;
      return [artifacts.url(place.bucket, key).then((url) => ({ ...place.describe(key), bytes, uri, url, expiresAt }))];
    }),
  );
  return { status: 200, body: { items, next: page.next } };
};

export const handler = httpHandler(
  environment,
  (env) => ({
    reader: experimentReader({ client: documentClient(), table: env.TABLE_NAME }),
    artifacts: artifactReader(s3Client()),
    buckets: { experiments: env.EXPERIMENTS_BUCKET, checkpoints: env.CHECKPOINTS_BUCKET, releases: env.RELEASES_BUCKET },
    clock: systemClock,
    claims: env,
  }),
  listArtifacts,
);
