// Where the storage stand-in is, as the rig tells every contestant.
const required = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`The rig sets ${name}; start contestants through it.`);
  return value;
};

/** Where the host mounts its files. */
export const MOUNT = '/api/v2/s3files';
export const endpoint = required('BENCH_STORAGE');
export const bucket = 'bench';
/** The bucket's objects as plain files. */
export const files = required('BENCH_FILES');
/** The guide that has nginx's file. */
export const guide = required('BENCH_GUIDE');
/** The built library, `index.js`. */
export const library = required('BENCH_LIBRARY');
export const region = 'us-east-1';
export const credentials = { accessKeyId: 'AKIABENCH', secretAccessKey: 'bench-secret' };
