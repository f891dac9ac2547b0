/** JSON Schema of the project's zod schemas, for documents that hold many of them under one roof. */
import { z } from "zod";

/**
 * Each schema under its name, and where one stands in another a `$ref` to `<base><name>`. As a sender may write them: what has a
 * default may be missing, as it is from bodies that are older than the field. A check that JSON Schema has no words for, such as
 * one of several fields, is left out. Throws where a schema has an id of its own and isn't among them.
 */
export function jsonSchemas(
  schemas: Readonly<Record<string, z.ZodType>>,
  base: string,
  target: "draft-07" | "draft-2020-12",
): Record<string, object> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const uri = (id: string) => base + id;
  const made = z.toJSONSchema(registry, {
    uri,
    unrepresentable: "any",
    io: "input",
    target,
    override: ({ jsonSchema }) => {
      // The format says as much as zod's 300 characters.
      if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
    },
  });
  if ("__shared" in made.schemas)
    throw new Error(`not among the schemas: ${JSON.stringify(made.schemas.__shared)}`);
  return Object.fromEntries(
    Object.entries(made.schemas).map(([id, { $id: _id, $schema: _schema, ...schema }]) => [id, schema]),
  );
}
