// Reads the realm's summary and the newest events of its public log.
const world = `${process.env.WORLD_URL ?? "http://127.0.0.1:8080"}/api/world/${process.env.REALM ?? "amoi-1"}`;

for (const read of ["summary", "events"]) {
  const response = await fetch(`${world}/${read}`);
  if (!response.ok) throw new Error(`${read}: ${response.status} ${await response.text()}`);
  console.log(JSON.stringify(await response.json(), null, 2));
}
