FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force
COPY . .
USER node
EXPOSE 8080 7070
# For `up` and `dispatcher`; a bridge has no HTTP, see docker-compose.yml.
HEALTHCHECK --interval=2s --timeout=2s --retries=15 CMD ["node", "-e", "fetch('http://127.0.0.1:8080/health').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "cli.ts"]
CMD ["up"]
