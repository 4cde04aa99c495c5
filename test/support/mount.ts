/** The mount of every test service. */
export const MOUNT = '/api/v2/s3files';
