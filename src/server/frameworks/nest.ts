// `s3files/nest`: a service as a module of NestJS.
import type { DynamicModule, OnApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FileService } from '../../file-service.js';

/** Where a service stands in an application. */
export interface FilesModuleOptions {
  /** Path of the mount, `/api/v2/s3files`; a global prefix does not count. */
  readonly mount: string;
  /** The service, made by `createFileService`. */
  readonly files: FileService;
}

/**
 * A module that mounts a service in front of the application's body parser, so that uploads reach it unread and
 * controllers keep their parsed bodies. Guards and interceptors do not see its requests: who asks is the business of the
 * `authenticate` hook. With `app.enableShutdownHooks()` the service is closed with the application.
 *
 * @example
 * import { Module } from '@nestjs/common';
 * export class AppModule {}
 * Module({ imports: [filesModule({ mount: '/files', files })] })(AppModule);
 */
export function filesModule({ mount, files }: FilesModuleOptions): DynamicModule {
  const mountIn = ({ httpAdapter }: HttpAdapterHost): OnApplicationShutdown => {
    // Providers are made before the application adds its body parser.
    httpAdapter.use(mount, files);
    return { onApplicationShutdown: () => files.close() };
  };
  const provider = {
    provide: Symbol(`s3files ${mount}`),
    useFactory: mountIn,
    inject: [HttpAdapterHost],
  };
  // Nest tells modules apart by their classes.
  return { module: class FilesModule {}, providers: [provider] };
}
