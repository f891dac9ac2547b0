import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), "utf8"));
const Lock = z.object({
  packages: z.record(z.string(), z.object({ hasInstallScript: z.boolean().default(false) })),
});
const Package = z.object({ allowScripts: z.record(z.string(), z.literal(false)) });

test("package.json says no, by name, to every install script of a locked package", () => {
  const withScript = Object.entries(Lock.parse(read("package-lock.json")).packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([place]) => place.replace(/^.*node_modules\//, ""));
  expect(Object.keys(Package.parse(read("package.json")).allowScripts)).toEqual(
    [...new Set(withScript)].toSorted(),
  );
});

test("package-lock.json locks what package.json asks for, without which npm would choose versions by itself", () => {
  const Asked = z.object({
    dependencies: z.record(z.string(), z.string()),
    optionalDependencies: z.record(z.string(), z.string()),
    devDependencies: z.record(z.string(), z.string()),
  });
  const { packages } = z
    .object({ packages: z.record(z.string(), z.unknown()) })
    .parse(read("package-lock.json"));
  const asked = Asked.parse(read("package.json"));
  expect(Asked.parse(packages[""])).toEqual(asked);
  for (const name of Object.values(asked).flatMap(Object.keys))
    expect(packages).toHaveProperty([`node_modules/${name}`]);
});
