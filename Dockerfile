# The manager, as JavaScript. Node would run its TypeScript as it is, but then
# keeps the compiler for that in memory, which is about 30 MB.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS compiled
WORKDIR /opt/mcp-docker-manager
COPY package.json package-lock.json ./
# Not `npm ci`: see scripts/toolchain.
RUN npm install --no-save --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY gen gen
COPY src src
RUN node_modules/.bin/tsc --project tsconfig.build.json

FROM ${NODE_IMAGE} AS packages
WORKDIR /opt/mcp-docker-manager
COPY package.json package-lock.json ./
# What Node never reads is left out: type declarations, source maps and the
# packages' own TypeScript.
RUN npm install --omit=dev --omit=optional --no-save --ignore-scripts \
      --no-audit --no-fund && \
    find node_modules \( -name '*.ts' -o -name '*.?ts' -o -name '*.map' \) \
      -exec rm {} +

FROM ${NODE_IMAGE}
WORKDIR /opt/mcp-docker-manager
COPY --from=packages /opt/mcp-docker-manager ./
COPY --from=compiled /opt/mcp-docker-manager/dist/gen dist/gen
COPY --from=compiled /opt/mcp-docker-manager/dist/src dist/src
# Not root: the group of the engine's socket is added when the container is
# made (docker-compose.yml, group_add).
ENV NODE_ENV=production MCPM_IN_CONTAINER=1
USER 1000:1000
EXPOSE 8080
CMD ["node", "dist/src/main.js"]
