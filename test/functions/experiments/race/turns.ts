/** What becomes of a request: it has its effect and is answered; its caller dies before, or after; or the service refuses it. */
export type Fate = 'answered' | 'caller dies before' | 'caller dies after' | 'refused';

type Waiting = { what: string; turn: (fate: Fate) => void };

const never = new Promise<never>(() => {});

/**
 * Every request to the outside waits here for its turn, so that a test decides in which order those of several functions that run at the
 * same time have their effect, and which of them is the last that its function makes.
 */
export class Turns {
  private waiting: Waiting[] = [];
  private held: Waiting[] = [];

  call = <T>(what: string, effect: () => T): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      const answer = (): void => {
        try {
          resolve(effect());
        } catch (error) {
          reject(error);
        }
      };
      const turn = (fate: Fate): void => {
        if (fate === 'answered') answer();
        else if (fate === 'refused') reject(Object.assign(new Error(what), { name: 'Refused' }));
        else resolve(never);
        if (fate !== 'caller dies after') return;
        try {
          effect();
        } catch {
          // Nobody is left to whom it could be said.
        }
      };
      this.waiting.push({ what, turn });
    });

  /** One of those that wait is held up on its way for as long as nobody lets it go on. */
  holdUp(which: number): void {
    this.held.push(...this.waiting.splice(which % Math.max(this.waiting.length, 1), 1));
  }

  letGoOn(): void {
    this.waiting.push(...this.held.splice(0));
  }

  get heldUp(): number {
    return this.held.length;
  }

  get count(): number {
    return this.waiting.length;
  }

  /** Lets one of those that wait have its turn, and everything go on that can go on without another. */
  async take(which: number, fate: Fate = 'answered'): Promise<void> {
    const [chosen] = this.waiting.splice(which % this.waiting.length, 1);
    chosen?.turn(fate);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
