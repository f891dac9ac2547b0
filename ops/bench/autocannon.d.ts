/** The part of autocannon that the benchmarks use; it brings no types of its own. */
declare module "autocannon" {
  type Request = { method: "POST"; path: string; headers: Record<string, string>; body?: string };
  type Options = {
    url: string;
    connections: number;
    /** Seconds. */
    duration: number;
    requests: [Request & { setupRequest(request: Request): Request }];
  };
  type Result = { "2xx": number /** Seconds. */; duration: number };
  export default function autocannon(options: Options): Promise<Result>;
}
