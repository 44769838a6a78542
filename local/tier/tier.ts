import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TakenDown, takeDown } from '../lifecycle/take-down.ts';
import { type Assembly, synthesise } from './assembly.ts';
import { createUser } from './demo-user.ts';
import { deploy, destroy, type Target } from './deploy.ts';
import { DEPLOYMENT } from './deployment-name.ts';
import { IMAGES, type ImageMap } from './images.ts';
import { tierFolder } from './paths.ts';
import type { Service } from './service.ts';
import { rememberedOrNew, usable, writeDocument } from './tier-memory.ts';
import { MEMORY, RECORD, type TierMemory, type TierRecord } from './tier-record.ts';
import { endpointsOf, REGION, startAws, startBatch, startServices, toolEnvironmentOf } from './tier-services.ts';
import type { Account } from './unfinished.ts';

const DEMO_USER = { username: 'demo', tenant: 'demo' };

type ServiceOptions = {
  name: string;
  port?: number | undefined;
  images?: ImageMap;
  /** That run at a time; without it as many as the executor thinks right for a laptop. */
  jobs?: number;
};

export type TierOptions = ServiceOptions & {
  /** A JSON file of deployment configuration instead of the defaults. */
  configuration?: string;
  says?: (what: string) => void;
  signal?: AbortSignal;
};

/** The laptop's deployment: an AWS on loopback, a Batch that runs jobs as processes, and the product's stacks deployed on them. */
export class Tier {
  readonly memory: TierMemory;
  readonly #folder: string;
  readonly #services: Service[];
  readonly #jobs: number | undefined;
  #record: TierRecord | undefined;

  private constructor(folder: string, memory: TierMemory, services: Service[], jobs: number | undefined) {
    this.#folder = folder;
    this.#jobs = jobs;
    this.memory = memory;
    this.#services = services;
  }

  /** Starts both services, deploys when the assembly is not the one deployed last, and makes sure that the demo's user exists. */
  static async start({ configuration, says = () => {}, signal, ...options }: TierOptions): Promise<Tier> {
    const assembling = configuration === undefined ? synthesise() : synthesise({ home: tierFolder(options.name), configuration });
    assembling.catch(() => {}); // awaited below; until then a failure must not end the process
    says('starting');
    const tier = await Tier.startUndeployed(options);
    try {
      const assembly = await assembling;
      if (tier.memory.deployed?.assembly === assembly.hash) tier.#writeRecord(tier.memory.deployed.outputs);
      else {
        says('deploying the CDK assembly');
        await tier.deploy(assembly, signal);
      }
      return tier;
    } catch (error) {
      await tier.#stopServices();
      throw error;
    }
  }

  /** Starts both services over whatever is deployed on them already, or over an empty account. */
  static async startUndeployed({ name, port, images = IMAGES, jobs }: ServiceOptions): Promise<Tier> {
    const folder = tierFolder(name);
    mkdirSync(folder, { recursive: true });
    const memory = usable(folder, await rememberedOrNew(folder, port));
    const tier = new Tier(folder, memory, [], jobs);
    try {
      await startServices(folder, memory, images, jobs, tier.#services);
      return tier;
    } catch (error) {
      await tier.#stopServices();
      throw error;
    }
  }

  /** How to reach what is deployed. */
  get record(): TierRecord {
    if (this.#record === undefined) throw new Error('nothing is deployed on the tier');
    return this.#record;
  }

  /** What the deployed stacks say of themselves, by the outputs' names. */
  get outputs(): Record<string, string> {
    return this.memory.deployed?.outputs ?? {};
  }

  /** Deploys this assembly, over whatever is deployed, and makes sure that the demo's user exists. */
  async deploy(assembly: Assembly, signal?: AbortSignal): Promise<void> {
    const bootstrapped = this.memory.deployed !== null;
    const outputs = await deploy({ assembly, folder: this.#folder, bootstrapped, ...this.#target, signal });
    this.memory.deployed = { assembly: assembly.hash, outputs };
    const pool = { ...this.root, userPoolId: required(outputs, 'UserPoolId') };
    await createUser(pool, { ...DEMO_USER, password: this.memory.password });
    this.#writeRecord(outputs);
  }

  /** Takes the stacks of this assembly away, as `npm run destroy` does; what they retain stays in the tier's account. */
  async takeDown(assembly: Assembly, signal?: AbortSignal): Promise<TakenDown> {
    const target = { assembly, ...this.#target, signal };
    const stores = [{ stack: `${DEPLOYMENT}-storage`, reach: this.root }];
    const taken = await takeDown({ name: DEPLOYMENT, stores, reach: this.root }, (which) => destroy(which, target));
    this.memory.deployed = null;
    this.#record = undefined;
    rmSync(join(this.#folder, RECORD), { force: true });
    return taken;
  }

  /** What an AWS client with the root key of the tier is made with. */
  get root(): Account {
    const { rootAccessKeyId: accessKeyId, rootSecretAccessKey: secretAccessKey } = this.memory;
    return { endpoint: endpointsOf(this.memory).emulator, region: REGION, credentials: { accessKeyId, secretAccessKey } };
  }

  /** Resolves when one of the services ended by itself, which it should not. */
  ended(): Promise<void> {
    return Promise.race(this.#services.map(({ exited }) => exited));
  }

  /** What an update or a reboot does: the Batch executor, or everything, goes down cleanly and comes up over the state it kept. */
  async restart(what: 'batch' | 'everything'): Promise<void> {
    const [aws, batch] = this.#services;
    if (!aws || !batch) throw new Error('the tier does not run');
    await batch.stop();
    if (what === 'everything') await aws.stop();
    this.#services.length = 0;
    this.#services.push(what === 'everything' ? await startAws(this.#folder, this.memory) : aws);
    this.#services.push(await startBatch(this.#folder, this.memory, this.#jobs));
    if (this.memory.deployed) this.#writeRecord(this.memory.deployed.outputs);
  }

  /** Stops the executor and its jobs, then the AWS, which saves its state. */
  async stop(): Promise<void> {
    if (this.#services.length === 0) return;
    await this.#stopServices();
    rmSync(join(this.#folder, RECORD), { force: true });
    writeDocument(this.#folder, MEMORY, { ...this.memory, cleanStop: true });
  }

  async #stopServices(): Promise<void> {
    for (const service of this.#services.toReversed()) await service.stop();
    this.#services.length = 0;
  }

  get #target(): Target {
    return { account: this.root, env: toolEnvironmentOf(this.memory) };
  }

  #writeRecord(outputs: Record<string, string>): void {
    const { emulator, executor } = endpointsOf(this.memory);
    this.#record = {
      endpoint: emulator,
      executorEndpoint: executor,
      // Where the local AWS serves an HTTP API; the stack's own ApiUrl is the address that it would have on AWS.
      apiUrl: `${emulator}/_aws/execute-api/${required(outputs, 'ApiId')}/$default`,
      region: REGION,
      userPoolClientId: required(outputs, 'UserPoolClientId'),
      username: DEMO_USER.username,
      password: this.memory.password,
      keeperPid: process.pid,
      pids: this.#services.map(({ pid }) => pid),
    };
    writeDocument(this.#folder, RECORD, this.#record);
  }
}

const required = (outputs: Record<string, string>, name: string): string => {
  const value = outputs[name];
  if (value === undefined) throw new Error(`the stacks have no output ${name}; they have ${Object.keys(outputs).join(', ')}`);
  return value;
};
