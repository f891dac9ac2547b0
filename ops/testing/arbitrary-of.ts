/** Arbitrary values of a contract: made from its JSON Schema, so a contract that changes changes what tests are given. */
import fc from "fast-check";
import { z } from "zod";

type Schema = z.core.JSONSchema.JSONSchema;
export type ArbitraryOptions = {
  /** Keys that records and references draw from besides fresh ones: without them ids never meet. */
  ids?: readonly string[];
  /** Whether there are no other ids than `ids`. */
  onlyIds?: boolean;
  /** Texts of people, which are the strings with a greatest length and no pattern. */
  texts?: fc.Arbitrary<string>;
  /** Most entries of a record and an array. */
  size?: number;
};

/** Values that the schema accepts. Throws for a part of JSON Schema that no contract uses so far. */
export function arbitraryOf<Value>(
  schema: z.ZodType<Value>,
  options: ArbitraryOptions = {},
): fc.Arbitrary<Value> {
  const { ids = [], onlyIds = false, texts, size = 4 } = options;
  const json = z.toJSONSchema(schema, { io: "output", unrepresentable: "any", reused: "inline" });
  return arbitraryFrom(json, { ids, onlyIds, texts, size }) as fc.Arbitrary<Value>;
}

type Given = Required<Omit<ArbitraryOptions, "texts">> & { texts: fc.Arbitrary<string> | undefined };

function arbitraryFrom(schema: Schema, options: Given): fc.Arbitrary<unknown> {
  const of = (part: unknown) => arbitraryFrom(part as Schema, options);
  const maxLength = options.size;
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const either = schema.anyOf ?? schema.oneOf;
  if (either !== undefined) return fc.oneof(...either.map(of));
  switch (schema.type) {
    case "boolean":
      return fc.boolean();
    case "integer":
      return fc.integer({
        min: schema.minimum ?? Number.MIN_SAFE_INTEGER,
        max: schema.maximum ?? Number.MAX_SAFE_INTEGER,
      });
    case "string":
      return stringOf(schema, options);
    case "null":
      return fc.constant(null);
    case "array":
      if (schema.prefixItems !== undefined) return fc.tuple(...schema.prefixItems.map(of));
      return fc.array(of(schema.items ?? {}), { maxLength });
    case "object":
      return objectOf(schema, options);
    case undefined:
      return fc.jsonValue();
    default:
      throw new Error(`no arbitrary for JSON Schema's ${JSON.stringify(schema)}`);
  }
}

function objectOf(schema: Schema, options: Given): fc.Arbitrary<unknown> {
  const { properties, additionalProperties, propertyNames, required = [] } = schema;
  if (properties !== undefined) {
    const parts: [string, fc.Arbitrary<unknown>][] = Object.entries(properties).map(([key, part]) => [
      key,
      arbitraryFrom(part as Schema, options),
    ]);
    return fc.record<Record<string, unknown>>(Object.fromEntries(parts), { requiredKeys: [...required] });
  }
  if (typeof additionalProperties !== "object") return fc.dictionary(fc.string(), fc.jsonValue());
  const key = stringOf((propertyNames as Schema | undefined) ?? { type: "string" }, options);
  return fc.dictionary(key, arbitraryFrom(additionalProperties as Schema, options), {
    maxKeys: options.size,
  });
}

function stringOf({ pattern, format, minLength, maxLength }: Schema, { ids, onlyIds, texts }: Given) {
  if (format === "date-time")
    return fc
      .date({ min: new Date(0), max: new Date("9999-01-01"), noInvalidDate: true })
      .map((date) => date.toISOString());
  if (texts !== undefined && pattern === undefined && maxLength !== undefined) return texts;
  const fresh =
    pattern === undefined
      ? fc.string({ unit: "grapheme", minLength: minLength ?? 0, maxLength: maxLength ?? 40 })
      : fc.stringMatching(new RegExp(pattern));
  const known = ids.filter((id) => pattern === undefined || new RegExp(pattern).test(id));
  if (onlyIds && known.length > 0) return fc.constantFrom(...known);
  return known.length === 0 ? fresh : fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...known) }, fresh);
}
