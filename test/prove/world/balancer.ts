/** Sends each request where the fewest are under way, so that whoever is slow or paused gets few. */
export class Balancer {
  readonly #targets: () => readonly number[];
  /** By port; none under way is not kept. */
  readonly #underWay = new Map<number, number>();
  #turn = 0;

  constructor(targets: () => readonly number[]) {
    this.#targets = targets;
  }

  /** Every target there is, the best first; among equals each comes first in turn. */
  inOrder(): readonly number[] {
    const targets = this.#targets();
    this.#turn += 1;
    const first = this.#turn % Math.max(1, targets.length);
    return [...targets.slice(first), ...targets.slice(0, first)].sort(
      (one, other) => this.#count(one) - this.#count(other),
    );
  }

  /** Does a piece of work that counts as under way at this target until it has ended. */
  async during<T>(target: number, work: Promise<T>): Promise<T> {
    this.#underWay.set(target, this.#count(target) + 1);
    try {
      return await work;
    } finally {
      const left = this.#count(target) - 1;
      if (left === 0) {
        this.#underWay.delete(target);
      } else {
        this.#underWay.set(target, left);
      }
    }
  }

  #count(target: number): number {
    return this.#underWay.get(target) ?? 0;
  }
}
