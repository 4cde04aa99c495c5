// What the world may import; re-exports, nothing else.
export { createFileService } from './file-service.js';
export type { CheckResult, FileService } from './file-service.js';
export type {
  CorsOptions,
  CredentialProvider,
  FileServiceConfig,
  QuotaOptions,
  Timeouts,
} from './config/options.js';
export type { OffloadOptions } from './config/offload.js';
export type { DirectOptions, ResumableOptions } from './config/upload-options.js';
export {
  FileServiceError,
  REASONS,
  isFileServiceError,
  phraseOf,
  statusOf,
} from './core/errors.js';
export type { FileServiceErrorDetails, Reason } from './core/errors.js';
export type { QuotaState, QuotaStore } from './storage/quota/store.js';
export type { LinkStore } from './core/link-store.js';
export { fromDreamFactory } from './config/from-dreamfactory.js';
export type { ImportedConfig } from './config/from-dreamfactory.js';
export { fastLane } from './server/fast-lane.js';
export { allowAll } from './core/hooks.js';
export type {
  Access,
  Action,
  Audit,
  AuditEvent,
  Authenticate,
  Authorize,
  Cache,
  ErrorPhase,
  HookRequest,
  Limit,
  LimitStatus,
  OnError,
  Principal,
  Scan,
  ScanInfo,
  ScanVerdict,
  Use,
  Verb,
} from './core/hooks.js';
export type { OnUploaded, UploadDetails, UploadWay, UploadedFile } from './core/on-uploaded.js';
export { closeGracefully } from './server/close-gracefully.js';
export { configureServer } from './server/configure-server.js';
export type { Finding, SweepReport, SweepRequest, SweptUpload } from './storage/s3/storage.js';
export { apiKeys } from './policies/api-keys.js';
export type { ApiKeysOptions, KeyLookup } from './policies/api-keys.js';
export { auditLog } from './policies/audit-log.js';
export type { AuditLogOptions } from './policies/audit-log.js';
export { auditBatches } from './policies/instances/audit-batches.js';
export type { AuditBatchesOptions } from './policies/instances/audit-batches.js';
export { tieredCache } from './policies/instances/tiered-cache.js';
export type { TieredCacheOptions } from './policies/instances/tiered-cache.js';
export { folderNameFor } from './policies/folder-name.js';
export { keyvCache } from './policies/keyv-cache.js';
export type { KeyvLike } from './policies/keyv-cache.js';
export { memoryCache } from './policies/memory-cache.js';
export type { MemoryCacheOptions } from './policies/memory-cache.js';
export { metricsCollector } from './policies/metrics.js';
export type {
  DurationHistogram,
  MetricsCollector,
  MetricsSnapshot,
  StorageHistogram,
} from './policies/metrics.js';
export { PROMETHEUS_CONTENT_TYPE, prometheusText } from './policies/prometheus-text.js';
export { rateLimit } from './policies/rate-limit.js';
export type { LimitKey, RateLimitOptions } from './policies/rate-limit.js';
export { roles } from './policies/roles.js';
export type { RoleDecision, Roles, RolesOptions } from './policies/roles.js';
export type { Rule } from './policies/role-rule.js';
export { rolesFromDreamFactory } from './policies/roles-from-dreamfactory.js';
export { webhook } from './policies/webhook/webhook.js';
export type { WebhookOptions } from './policies/webhook/webhook.js';
