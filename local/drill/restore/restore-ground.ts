import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { HeadObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { keys } from '../../../functions/shared/contracts/names.ts';
import type { Api } from '../../client/api.ts';
import type { Experiment } from '../../client/api-types.ts';
import { follow } from '../../client/follow.ts';
import type { AttachedTable } from '../../restore/attach-table.ts';
import type { Ticker } from '../../tier/ticker.ts';
import type { Tier } from '../../tier/tier.ts';
import type { Start } from '../debug-model.ts';
import type { Remembered } from './remembered.ts';
import { Steps } from './steps.ts';
import type { StoredItem } from './stored-items.ts';

/** What the deployment has, and the drill will lose two of. */
export type Stores = { table: string; releases: string; replica: string };
/** How things were before the loss. */
export type Before = { remembered: readonly Remembered[]; items: ReadonlyMap<string, StoredItem> };
export type Restored = { table: AttachedTable; releases: string };

const RELEASED = keys.bundle('', '', 0).split('/')[0] ?? '';

/** A tier with the second region, a person with the account's root key, and the debug model. */
export class RestoreGround {
  readonly tier: Tier;
  readonly folder: string;
  readonly start: Start;
  readonly steps: Steps;
  readonly signal: AbortSignal;
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  readonly #ticker: Ticker;

  constructor(of: Pick<RestoreGround, 'tier' | 'folder' | 'start' | 'signal'>, ticker: Ticker) {
    this.tier = of.tier;
    this.folder = of.folder;
    this.start = of.start;
    this.signal = of.signal;
    this.steps = new Steps(ticker);
    this.#ticker = ticker;
    this.dynamodb = new DynamoDBClient(of.tier.root);
    this.s3 = new S3Client({ ...of.tier.root, forcePathStyle: true, followRegionRedirects: true }); // the replica is in another region
  }

  /** Follows an experiment to its end. */
  async end(api: Api, id: string): Promise<Experiment> {
    let last: Experiment | undefined;
    for await (const experiment of follow(api, id, this.signal)) {
      last = experiment;
      this.#ticker.doing(`${id}: ${experiment.status}, ${experiment.stage ?? 'waiting'}`);
    }
    this.signal.throwIfAborted();
    if (!last) throw new Error(`${id} has no end`);
    return last;
  }

  /** Keys of the released objects in a bucket. */
  async released(bucket: string): Promise<string[]> {
    const { Contents = [] } = await this.s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: RELEASED }));
    return Contents.map(({ Key = '' }) => Key);
  }

  /** How many of them cannot be deleted yet. */
  async locked(bucket: string): Promise<number> {
    const released = await this.released(bucket);
    const heads = await Promise.all(released.map((Key) => this.s3.send(new HeadObjectCommand({ Bucket: bucket, Key }))));
    return heads.filter(({ ObjectLockMode }) => ObjectLockMode === 'GOVERNANCE').length;
  }
}
