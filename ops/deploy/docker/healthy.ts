/**
 * A container's health check: `node ops/deploy/docker/healthy.ts <port>` exits 0 when the stage there lives. `/readyz` tells besides whether each
 * of its realms moves; a restart would mend none that doesn't.
 */
const port = Number(process.argv[2]);
const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
process.exit(answer?.ok ? 0 : 1);
