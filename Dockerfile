# syntax=docker/dockerfile:1
# The file service for any S3 bucket: `docker run -p 3000:3000 -e S3_BUCKET=… -e S3FILES_KEY=… s3files`.
FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# What builds runs no scripts of others.
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build

FROM node:24-slim AS install
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
COPY --from=build /build/dist ./dist
# Nobody needs maps of sources that are not here.
RUN find dist -name '*.map' -delete

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY --from=install /app ./
# Any user will do, and nothing is written: run it with --read-only.
USER node
EXPOSE 3000
HEALTHCHECK --interval=15s --timeout=5s --start-period=10s \
  CMD ["node", "dist/cli.js", "check", "--quick"]
# It is process 1 and ends by itself within eight seconds after SIGTERM.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "dist/cli.js"]
CMD ["serve"]
