// The usual way to take forms into S3: multer with its S3 storage.
import { S3Client } from '@aws-sdk/client-s3';
import express from 'express';
import multer from 'multer';
import multerS3 from 'multer-s3';
import { MOUNT, bucket, credentials, endpoint, region } from './environment.ts';
import { listen } from './listen.ts';

const upload = multer({
  storage: multerS3({
    s3: new S3Client({ region, endpoint, credentials, forcePathStyle: true }),
    bucket,
    key: (_req, file, done) => done(null, `up/${file.originalname}`),
  }),
});

const app = express();
app.post(`${MOUNT}/up/`, upload.array('files'), (req, res) => {
  const files = (req.files ?? []) as Express.MulterS3.File[];
  res.status(201).json({ resource: files.map(({ key, size }) => ({ path: key, size })) });
});

listen(app);
