# The manager, in few files of JavaScript that hold its packages, too. Node would
# run the TypeScript as it is, but takes 50 MB more for that and for loading
# hundreds of files.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS bundle
WORKDIR /opt/mcp-docker-manager
COPY package.json package-lock.json ./
# Not `npm ci`: see scripts/toolchain.
RUN npm install --no-save --ignore-scripts --no-audit --no-fund
COPY scripts/bundle.ts scripts/
COPY gen gen
COPY src src
RUN node scripts/bundle.ts bundle

FROM ${NODE_IMAGE}
WORKDIR /opt/mcp-docker-manager
COPY --from=bundle /opt/mcp-docker-manager/bundle ./
# Where docker-compose.yml puts a volume, which gets this owner and mode.
RUN mkdir -p /var/lib/mcp-docker-manager && \
  chown 1000:1000 /var/lib/mcp-docker-manager && \
  chmod 700 /var/lib/mcp-docker-manager
# Not root: the group of the engine's socket is added when the container is
# made (docker-compose.yml, group_add).
ENV NODE_ENV=production MCPM_IN_CONTAINER=1
USER 1000:1000
EXPOSE 8080
# Without core files, which would hold the values of secrets.
CMD ["sh", "-c", "ulimit -c 0 && exec node main.mjs"]
