/** How many sockets each address has open. */
export class Connections {
  readonly #max: number;
  readonly #open = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  full(address: string): boolean {
    return (this.#open.get(address) ?? 0) >= this.#max;
  }
  opened(address: string): void {
    this.#open.set(address, (this.#open.get(address) ?? 0) + 1);
  }
  closed(address: string): void {
    const left = this.#open.get(address)! - 1;
    if (left === 0) this.#open.delete(address);
    else this.#open.set(address, left);
  }
}
