import express from 'express';
import { MOUNT, files } from './environment.ts';
import { listen } from './listen.ts';

listen(express().use(MOUNT, express.static(files)));
