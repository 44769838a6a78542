import { setTimeout as sleep } from 'node:timers/promises';
import { isFinal } from '../../functions/shared/contracts/experiment-view.ts';
import { jobName, type Stage } from '../../functions/shared/contracts/names.ts';
import type { Api } from '../client/api.ts';
import { isCheckpointed } from './checkpointed.ts';
import { type FaultOperator, liveJobs } from './fault-operator.ts';
import { isRunning } from './fault-routes.ts';

const POLL_MS = 300;

/** Where a fault is planted: one experiment on its way to the stage under fault, and what an operator can do about it. */
export class Scene {
  readonly id: string;
  readonly stage: Stage;
  readonly api: Api;
  readonly operator: FaultOperator;
  readonly stateMachineArn: string;
  /** Stops both services of the tier, or one, and starts them again over the state they kept. */
  readonly restart: (service: 'batch' | 'aws') => Promise<void>;
  readonly #signal: AbortSignal;

  constructor(of: Pick<Scene, 'id' | 'stage' | 'api' | 'operator' | 'stateMachineArn' | 'restart'>, signal: AbortSignal) {
    this.id = of.id;
    this.stage = of.stage;
    this.api = of.api;
    this.operator = of.operator;
    this.stateMachineArn = of.stateMachineArn;
    this.restart = of.restart;
    this.#signal = signal;
  }

  /** Name of the job of the stage under fault. */
  job(attempt = 1): string {
    return jobName({ experimentId: this.id, run: 1, stage: this.stage, attempt });
  }

  /** Waits until a process of the stage runs, and `afterMs` more, in which its child comes up. */
  async running(afterMs = 0, attempt = 1): Promise<void> {
    await this.#until(() => isRunning(this.operator, this.job(attempt)));
    await sleep(afterMs, undefined, { signal: this.#signal });
  }

  /** Waits until the job of an attempt is in its queue. */
  async submitted(attempt: number): Promise<void> {
    await this.#until(async () => (await liveJobs(this.operator, this.id)).includes(this.job(attempt)));
  }

  /** Waits until a checkpoint is committed. */
  async checkpointed(): Promise<void> {
    await this.#until(async () => {
      await this.#refuseIfOver();
      return isCheckpointed(this.api, this.id);
    });
  }

  async #refuseIfOver(): Promise<void> {
    const { status, failure } = await this.api.experiment(this.id);
    if (isFinal(status)) throw new Error(`${this.id} ended ${status} before the fault was planted: ${failure?.message}`);
  }

  async #until(holds: () => Promise<boolean>): Promise<void> {
    while (!(await holds())) await sleep(POLL_MS, undefined, { signal: this.#signal });
  }
}
