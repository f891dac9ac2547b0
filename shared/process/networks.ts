/** Networks by their addresses, as an operator lists them. */
import { isIPv4, isIPv6 } from "node:net";
import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

const NAMED: Record<string, string[]> = {
  loopback: ["127.0.0.0/8", "::1/128"],
  private: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
};

/** An address in text, IPv4 in four decimal parts; an IPv4 address that is mapped into IPv6 is IPv4. Undefined where the text is no address. */
export function parseAddress(text: string): Address | undefined {
  return isIPv4(text) || isIPv6(text) ? ipaddr.process(text) : undefined;
}

/** `bytes`: 4 or 16 of them. */
export function addressOfBytes(bytes: Uint8Array): Address {
  const address = ipaddr.fromByteArray([...bytes]);
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

export class Networks {
  readonly #ranges: [Address, number][];

  /** `list`: addresses, networks (`10.1.0.0/16`), `loopback` and `private`. Throws a `SyntaxError` that names what is none. */
  constructor(list: readonly string[]) {
    this.#ranges = list.flatMap((entry) => (NAMED[entry] ?? [entry]).map(rangeOf));
  }

  has(address: Address): boolean {
    return this.#ranges.some(
      ([network, bits]) => network.kind() === address.kind() && address.match(network, bits),
    );
  }
}

function rangeOf(text: string): [Address, number] {
  const [address, bits, ...more] = text.split("/");
  const network = parseAddress(address ?? "");
  const width = network?.kind() === "ipv4" ? 32 : 128;
  if (
    network !== undefined &&
    more.length === 0 &&
    (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= width))
  )
    return [network, bits === undefined ? width : Number(bits)];
  throw new SyntaxError(
    `${text} is no network: 10.1.0.0/16, 2001:db8::/32, an address, loopback and private are`,
  );
}
