/** Request bodies: JSON in UTF-8 without a content coding. Anything else is refused before it is read. */
import { isUtf8 } from "node:buffer";
import type { Api } from "./api-context.ts";
import { Refused } from "./problems.ts";

/** Holds every body of `api` to that. Of a key that stands twice the last value counts; `__proto__` is refused. */
export function takeJsonAlone(api: Api): void {
  api.removeAllContentTypeParsers();
  const parse = api.getDefaultJsonParser("error", "error");
  api.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body: Buffer, done) => {
    if (!isUtf8(body)) return done(new Refused(400, "the body is not UTF-8"));
    // Fastify's own parser answers by its callback alone.
    parse(request, body.toString("utf8"), done);
  });
  api.addHook("preParsing", async (request, reply) => {
    const { "content-encoding": coding = "identity", "content-type": type = "" } = request.headers;
    if (coding.toLowerCase() !== "identity") {
      reply.header("accept-encoding", "identity");
      throw new Refused(415, `send the body without a content coding, not as ${coding.slice(0, 64)}`);
    }
    const charset = /;\s*charset="?([^";\s]*)/i.exec(type)?.[1];
    if (charset !== undefined && charset.toLowerCase() !== "utf-8")
      throw new Refused(415, `send the body in UTF-8, not in ${charset.slice(0, 64)}`);
  });
}
